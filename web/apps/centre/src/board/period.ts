/** The period of the board, as days of the city's time zone. */
import { dayBefore } from "../format";

/** Periods offered by name; `own` is between two chosen days. */
export const PRESETS = ["week", "month", "quarter", "own"] as const;
export type Preset = (typeof PRESETS)[number];

const DAYS: Record<Exclude<Preset, "own">, number> = { week: 7, month: 30, quarter: 90 };

/** First and last day, both counted. */
export interface Period {
  readonly from: string;
  readonly to: string;
}

/** The period a preset names, up to today. */
export function periodOf(preset: Exclude<Preset, "own">, now_ms: number, timeZone: string): Period {
  return { from: dayBefore(now_ms, DAYS[preset] - 1, timeZone), to: dayBefore(now_ms, 0, timeZone) };
}

/** How many days a period has; 1 when its ends are the wrong way round. */
export function daysOf({ from, to }: Period): number {
  return Math.max(1, Math.round((Date.parse(to) - Date.parse(from)) / 86_400_000) + 1);
}
