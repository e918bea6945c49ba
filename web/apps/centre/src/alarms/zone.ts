/** Clock times of the city. */
import { dayOf } from "@dipper/ui";

const DAY_MS = 86_400_000;

/** How far the clocks of a time zone are ahead of UTC at an instant. */
export function zoneOffsetMs(at_ms: number, timeZone: string | undefined): number {
  const whole_ms = Math.floor(at_ms / 1_000) * 1_000;
  const format = new Intl.DateTimeFormat("en-CA", { timeZone, year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
  const part = Object.fromEntries(format.formatToParts(whole_ms).map(({ type, value }) => [type, Number(value)]));
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = part;
  return Date.UTC(year, month - 1, day, hour, minute, second) - whole_ms;
}

/** Eight in the morning of the day after, by the clocks of the city. */
export function nextMorningMs(now_ms: number, timeZone: string | undefined): number {
  const as_utc_ms = Date.parse(`${dayOf(now_ms, timeZone)}T08:00:00Z`) + DAY_MS;
  // The offset of that morning: clocks may change in the night.
  return as_utc_ms - zoneOffsetMs(as_utc_ms - zoneOffsetMs(now_ms, timeZone), timeZone);
}
