/** The time that charts show: one of the times offered up to now, or a piece of it that was chosen. */

/** Times offered by name, up to now. */
export const SPANS = ["hour", "day", "week", "month", "year"] as const;
export type Span = (typeof SPANS)[number];

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const SPAN_MS: Record<Span, number> = { hour: HOUR_MS, day: DAY_MS, week: 7 * DAY_MS, month: 30 * DAY_MS, year: 365 * DAY_MS };

/** Shorter than a minute nothing more is to be seen; longer than ten years the server does not answer. */
const SHORTEST_MS = 60_000;
const LONGEST_MS = 3_650 * DAY_MS;

/** A time between two instants, milliseconds since 1970. */
export interface Frame {
  readonly from_ms: number;
  readonly to_ms: number;
}

/** The time that a name means now. */
export function frameOf(span: Span, now_ms: number): Frame {
  return { from_ms: now_ms - SPAN_MS[span], to_ms: now_ms };
}

/** How often a time up to now is asked for again: what changes within its steps is not seen. */
export function refreshMs(span: Span): number {
  return Math.min(Math.max(SPAN_MS[span] / STEPS, 10_000), 300_000);
}

/** Steps of a chart: a point every three pixels or so of a desk's page. */
export const STEPS = 240;

/** A frame with whole seconds, in order, neither too short nor too long, and not beyond now. */
export function fit({ from_ms, to_ms }: Frame, now_ms: number): Frame {
  const [first, last] = from_ms < to_ms ? [from_ms, to_ms] : [to_ms, from_ms];
  const length = Math.min(Math.max(last - first, SHORTEST_MS), LONGEST_MS);
  const end = Math.min((first + last + length) / 2, now_ms);
  return { from_ms: Math.floor((end - length) / 1_000) * 1_000, to_ms: Math.floor(end / 1_000) * 1_000 };
}

/** Half or twice the time, about its middle. */
export function zoomed(frame: Frame, way: "in" | "out", now_ms: number): Frame {
  const quarter = (frame.to_ms - frame.from_ms) / 4;
  const by = way === "in" ? quarter : -2 * quarter;
  return fit({ from_ms: frame.from_ms + by, to_ms: frame.to_ms - by }, now_ms);
}

/** As long a time, half of it earlier or later. */
export function moved(frame: Frame, way: "earlier" | "later", now_ms: number): Frame {
  const by = ((frame.to_ms - frame.from_ms) / 2) * (way === "earlier" ? -1 : 1);
  return fit({ from_ms: frame.from_ms + by, to_ms: frame.to_ms + by }, now_ms);
}
