// Deadlines in words. Words come from message ids; this file only decides which one and with which numbers.

/** How long is left or over, in the two largest units that matter. */
export interface Span {
  days: number;
  hours: number;
  minutes: number;
}

const MINUTE_MS = 60_000;

/** Splits a duration; less than a minute counts as one, because "0 min left" reads as a fault. */
export function span(ms: number): Span {
  const minutes = Math.max(1, Math.floor(Math.abs(ms) / MINUTE_MS));
  return { days: Math.floor(minutes / 1440), hours: Math.floor((minutes % 1440) / 60), minutes: minutes % 60 };
}

/** The message id for a span: `dh`, `d`, `hm`, `h` or `m`. Minutes are left out beside days. */
export function spanForm({ days, hours, minutes }: Span): "dh" | "d" | "hm" | "h" | "m" {
  if (days > 0) return hours > 0 ? "dh" : "d";
  if (hours > 0) return minutes > 0 ? "hm" : "h";
  return "m";
}

/** How a deadline stands; the words of the API. */
export type DueTone = "none" | "ok" | "soon" | "late" | "paused" | "exempt";

/** Below this an open deadline without a state from the server counts as soon. */
const SOON_MS = 60 * MINUTE_MS;

/**
 * The state to show now. The server's word holds, except that time moves on between two answers:
 * what was `ok` or `soon` is late once its instant has passed.
 */
export function toneNow(due_at: string | null | undefined, state: DueTone | undefined, now_ms: number): DueTone {
  if (state === "paused" || state === "exempt" || state === "none") return state;
  if (!due_at) return state === "late" ? "late" : "none";
  const left = Date.parse(due_at) - now_ms;
  if (left < 0) return "late";
  if (state === "soon" || left < SOON_MS) return "soon";
  return "ok";
}

/** Milliseconds until the deadline, negative when it has passed. */
export function leftMs(due_at: string, now_ms: number): number {
  return Date.parse(due_at) - now_ms;
}
