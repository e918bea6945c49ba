/** What devices measure, in words. */
import { amount, isTrue, withUnit } from "@dipper/ui";
import { useI18n } from "vue-i18n";
import { useCity } from "../data";
import { useFormat } from "../format";
import type { Device, DeviceValue } from "../types";

export { amount, isTrue, withUnit };

/** A clock further off than this is worth a word; the way of a message takes some seconds. */
const CLOCK_OFF_S = 5;

/** Below this a battery wants somebody to come, per cent; as the pack's rule has it. */
const BATTERY_LOW = 20;

/** How far a device's clock is off, when that is worth a word. */
export function clockOff(ahead_seconds: number | null | undefined): { isAhead: boolean; ms: number } | null {
  if (ahead_seconds === null || ahead_seconds === undefined || Math.abs(ahead_seconds) <= CLOCK_OFF_S) return null;
  return { isAhead: ahead_seconds > 0, ms: Math.abs(ahead_seconds) * 1_000 };
}

/** Whether a battery wants somebody to come. */
export function isLow(battery: Device["battery"]): boolean {
  return battery !== undefined && battery < BATTERY_LOW;
}

/** Words for what devices measure, in the language of the page. */
export function useReadings() {
  const { t, locale } = useI18n({ useScope: "global" });
  const { now, duration } = useFormat();
  const city = useCity();
  /** A value of the kind and unit of a property; a dash where there is none. */
  function words(property: Pick<DeviceValue, "kind" | "symbol">, value: number | null | undefined): string {
    if (value === null || value === undefined) return "–";
    if (property.kind === "truth") return t(isTrue(value) ? "device.yes" : "device.no");
    return withUnit(amount(value, locale.value), property.symbol);
  }
  return {
    words,
    newest: (value: DeviceValue): string => words(value, value.value),
    percent: (value: number): string => withUnit(amount(value, locale.value), "%"),
    /** An end of a time on a chart: the day always, the year where it is another one. */
    moment(at: number | string): string {
      const year = (ms: number) => new Date(ms).getFullYear();
      const other: Intl.DateTimeFormatOptions = year(new Date(at).getTime()) === year(now.value) ? {} : { year: "numeric" };
      const format: Intl.DateTimeFormatOptions = { ...other, month: "numeric", day: "numeric", hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
      return new Intl.DateTimeFormat(locale.value, { timeZone: city.data.value?.timezone, ...format }).format(new Date(at));
    },
    /** How long ago something was. */
    ago(at: string): string {
      const ms = now.value - Date.parse(at);
      return ms < 60_000 ? t("device.just_now") : t("device.ago", { span: duration(ms) });
    },
    /** How far its clock is off, in words; nothing when it is right. */
    clock(ahead_seconds: number | null | undefined): string {
      const off = clockOff(ahead_seconds);
      if (!off) return "";
      const span = off.ms < 60_000 ? t("device.seconds", { n: Math.round(off.ms / 1_000) }) : duration(off.ms);
      return t(off.isAhead ? "device.clock_ahead" : "device.clock_behind", { span });
    },
  };
}
