/** Words of control in the language of the page. */
import { useI18n } from "vue-i18n";
import { useCity, useNames } from "../data";
import { useReadings } from "../devices/values";
import { useFormat } from "../format";
import type { CommandParameter, DeviceCommand, Scene } from "../types";
import type { ValueFault } from "./draft";
import { parseMoment, sideOf, weekday } from "./moments";

/** Words for commands and scenes. */
export function useControlWords() {
  const { t, locale } = useI18n({ useScope: "global" });
  const { text } = useNames();
  const { list, duration, now } = useFormat();
  const { newest, words } = useReadings();
  const city = useCity();
  const values = (given: DeviceCommand["arguments"]): string => list(given.map((one) => `${text(one.title)} ${newest(one)}`));
  const day = (at: number | string) => new Intl.DateTimeFormat("en-CA", { timeZone: city.data.value?.timezone }).format(new Date(at));
  const moment = (at: string): string => {
    const read = parseMoment(at);
    if (!read) return at;
    return "clock" in read ? read.clock : t(`control.moment_${sideOf(read.minutes)}`, { sun: t(`sun.${read.sun}`), n: Math.abs(read.minutes) });
  };
  return {
    values,
    /** A planned moment of a day. */
    moment,
    /** What a device is told: the command with its values. */
    what: (command: Pick<DeviceCommand, "title" | "arguments">): string => [text(command.title), values(command.arguments)].filter(Boolean).join(" \u00b7 "),
    /** How long a command holds. */
    lasting: (seconds: number): string => (seconds % 60 === 0 ? duration(seconds * 1_000) : t("device.seconds", { n: seconds })),
    /** The time of a step to the second; the day where it is another one. */
    stepTime(at: string): string {
      const other: Intl.DateTimeFormatOptions = day(at) === day(now.value) ? { second: "2-digit" } : { month: "numeric", day: "numeric" };
      const format: Intl.DateTimeFormatOptions = { hour: "2-digit", minute: "2-digit", hourCycle: "h23", ...other };
      return new Intl.DateTimeFormat(locale.value, { timeZone: city.data.value?.timezone, ...format }).format(new Date(at));
    },
    /** What values a parameter takes. */
    range({ kind, symbol, min, max }: CommandParameter): string {
      const one = (value: number) => words({ kind, ...(symbol === undefined ? {} : { symbol }) }, value);
      if (min !== undefined && max !== undefined) return t("control.range", { min: one(min), max: one(max) });
      if (min !== undefined) return t("control.at_least", { min: one(min) });
      return max === undefined ? "" : t("control.at_most", { max: one(max) });
    },
    /** Why a value does not do. */
    fault: ({ id, ...limits }: ValueFault): string => t(id, { ...limits }),
    /** When a scene is planned. */
    planned(scene: Pick<Scene, "at" | "weekdays">): string {
      if (scene.at.length === 0) return t("control.by_hand");
      const moments = list(scene.at.map(moment));
      return scene.weekdays.length ? `${list(scene.weekdays.map((day) => weekday(day, locale.value)))} ${moments}` : moments;
    },
    /** Which devices a scene tells. */
    where: (scene: Pick<Scene, "regions">): string => (scene.regions.length ? list(scene.regions.map((region) => text(region))) : t("filter.whole_city")),
  };
}
