// How somebody wants to be told, as the page shows and sends it.
import type { NotificationSettings, NotificationSettingsInput } from "@dipper/api";

type Channel = NotificationSettings["channels"][number]["channel"];

/** Channels that can be switched: those that reach the person, besides the list, which has everything. */
export function switchable(settings: NotificationSettings): Channel[] {
  return settings.channels.filter(({ channel, confirmed }) => channel !== "in_app" && confirmed).map(({ channel }) => channel);
}

/** The settings to send with one channel of one group switched. */
export function withSwitch(settings: NotificationSettings, group: string, channel: Channel, on: boolean, locale: string): NotificationSettingsInput {
  const channels = settings.groups.find(({ id }) => id === group)?.channels ?? [];
  const others = channels.filter((one) => one !== channel);
  return input(settings, { [group]: on ? [...others, channel] : others }, locale);
}

/** The settings to send with other quiet hours, or none. */
export function withQuiet(settings: NotificationSettings, quiet: NotificationSettings["quiet"], locale: string): NotificationSettingsInput {
  const { quiet: _, ...others } = input(settings, {}, locale);
  return quiet ? { ...others, quiet } : others;
}

function input(settings: NotificationSettings, groups: NotificationSettingsInput["groups"], locale: string): NotificationSettingsInput {
  return settings.quiet ? { groups, locale, quiet: settings.quiet } : { groups, locale };
}

/** Times of the day to choose from, every half hour, with the one that is set. */
export function times(set: string): string[] {
  const halves = Array.from({ length: 48 }, (_, at) => `${String(Math.floor(at / 2)).padStart(2, "0")}:${at % 2 === 0 ? "00" : "30"}`);
  return halves.includes(set) ? halves : [...halves, set].sort();
}
