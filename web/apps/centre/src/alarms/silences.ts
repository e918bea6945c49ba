/** Silences: how each stands, and a new one from what was chosen to what is sent. */
import type { Body } from "@dipper/api";
import { clockInstant } from "@dipper/ui";
import { readReason } from "../control/draft";
import type { Silence } from "../types";
import { nextMorningMs } from "./zone";

/** How a silence stands, in the order in which they are listed. */
export const SILENCE_STATES = ["running", "coming", "over"] as const;
export type SilenceState = (typeof SILENCE_STATES)[number];

/** How a silence stands now. */
export function stateOf(silence: Pick<Silence, "from" | "until" | "begun_at" | "is_over">, now_ms: number): SilenceState {
  if (silence.is_over || Date.parse(silence.until) <= now_ms) return "over";
  // What began when it was made runs, though the clock of the page is some seconds behind.
  return Math.max(now_ms, Date.parse(silence.begun_at)) < Date.parse(silence.from) ? "coming" : "running";
}

/** Those in force first, then those to come; the server has the newest first. */
export function inOrder(silences: readonly Silence[], now_ms: number): Silence[] {
  return SILENCE_STATES.flatMap((state) => silences.filter((one) => stateOf(one, now_ms) === state));
}

/** For how long, by name, and until an instant of one's own. */
export const LASTINGS = ["hour", "four_hours", "morning", "own"] as const;
export type Lasting = (typeof LASTINGS)[number];

const HOUR_MS = 3_600_000;
/** The server takes 92 days at most. */
const LONGEST_MS = 92 * 24 * HOUR_MS;

/** A silence being made. Every list narrows; an empty one means all. */
export interface SilenceDraft {
  rules: string[];
  classes: string[];
  region: string;
  devices: string[];
  lasting: Lasting;
  /** By the clock of this device; empty means now. */
  from: string;
  until: string;
  reason: string;
}

/** An empty sheet, or one that begins with a rule and a device. */
export function blankSilence(rules: readonly string[] = [], devices: readonly string[] = []): SilenceDraft {
  return { rules: [...rules], classes: [], region: "", devices: [...devices], lasting: "hour", from: "", until: "", reason: "" };
}

/** When it would end; null while that was not said. */
export function untilMs(draft: SilenceDraft, now_ms: number, timeZone: string | undefined): number | null {
  if (draft.lasting === "morning") return nextMorningMs(now_ms, timeZone);
  if (draft.lasting !== "own") return now_ms + (draft.lasting === "hour" ? 1 : 4) * HOUR_MS;
  const until = clockInstant(draft.until);
  return until ? Date.parse(until) : null;
}

/** When it would begin. */
export function fromMs(draft: SilenceDraft, now_ms: number): number {
  const from = draft.lasting === "own" ? clockInstant(draft.from) : undefined;
  return from ? Date.parse(from) : now_ms;
}

/** What is missing or wrong, by part: message ids. The server asks the same. */
export function faultsOf(draft: SilenceDraft, now_ms: number, timeZone: string | undefined): Partial<Record<"what" | "until" | "reason", string>> {
  const { rules, classes, region, devices } = draft;
  const [from_ms, until_ms] = [fromMs(draft, now_ms), untilMs(draft, now_ms, timeZone)];
  const until = until_ms === null ? "silence.no_until" : until_ms <= Math.max(from_ms, now_ms) ? "silence.until_order" : until_ms - from_ms > LONGEST_MS ? "silence.until_long" : undefined;
  return {
    ...(rules.length + classes.length + devices.length === 0 && region === "" ? { what: "silence.nothing" } : {}),
    ...(until ? { until } : {}),
    ...(readReason(draft.reason) === "" ? { reason: "form.required" } : {}),
  };
}

/** The body of a draft without faults. */
export function bodyOf(draft: SilenceDraft, now_ms: number, timeZone: string | undefined): Body<"begin_alarm_silence"> {
  const { rules, classes, region, devices } = draft;
  const from_ms = fromMs(draft, now_ms);
  return {
    rules,
    classes,
    regions: region ? [region] : [],
    devices,
    // What begins now begins when the server hears of it.
    ...(from_ms > now_ms ? { from: new Date(from_ms).toISOString() } : {}),
    until: new Date(untilMs(draft, now_ms, timeZone) ?? now_ms).toISOString(),
    reason: readReason(draft.reason),
  };
}
