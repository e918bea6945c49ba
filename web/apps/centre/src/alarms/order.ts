/** Alarms in the order in which somebody should look at them. */
import type { Alarm, AlarmSeverity } from "../types";

/** How bad, the worst first. */
export const SEVERITIES = ["critical", "major", "minor", "info"] as const satisfies readonly AlarmSeverity[];

/** The worst first, and among equals the latest. */
export function byUrgency(alarms: readonly Alarm[]): Alarm[] {
  const rank = ({ severity }: Alarm) => SEVERITIES.indexOf(severity);
  return [...alarms].sort((a, b) => rank(a) - rank(b) || Date.parse(b.raised_at) - Date.parse(a.raised_at) || (a.id < b.id ? 1 : -1));
}

/** Whether nobody has taken note of an open alarm that is not put aside. */
export function isWaiting(alarm: Alarm): boolean {
  return !alarm.cleared_at && !alarm.acknowledged_at && !alarm.is_quiet;
}

/** Critical alarms that wait and were not among those seen before. */
export function newlyCritical(seen: ReadonlySet<string>, alarms: readonly Alarm[]): Alarm[] {
  return alarms.filter((alarm) => alarm.severity === "critical" && isWaiting(alarm) && !seen.has(alarm.id));
}

/** For how long an alarm may be put aside, minutes. */
export const SHELVES = [15, 60, 1_440] as const;

/** Until when an alarm is put aside. */
export function shelvedUntil(minutes: number, now_ms: number): string {
  return new Date(now_ms + minutes * 60_000).toISOString();
}
