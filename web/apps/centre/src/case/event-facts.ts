/** What an event's body says beyond its title, as labelled facts. Bodies come as they are in the log. */
import type { CaseEvent } from "../types";

/** One fact: a message id under `fact.` and its value. */
export interface Fact {
  readonly id: string;
  readonly value: string;
}

/** How ids and instants of a body become words. */
export interface FactWords {
  readonly office: (id: string) => string;
  readonly category: (id: string) => string;
  readonly limit: (limit: string) => string;
  /** Milliseconds since 1970. */
  readonly instant: (at_ms: number) => string;
  /** A reason's name, from the list of the action that asked for it. */
  readonly reason: (id: string, action: string) => string;
}

const CLOCK_KINDS: readonly CaseEvent["kind"][] = ["clock_started", "clock_paused", "clock_resumed", "clock_stopped", "clock_extended", "clock_exempted"];

/** Whether an event only tells of a clock. */
export function isClockEvent(kind: CaseEvent["kind"]): boolean {
  return CLOCK_KINDS.includes(kind);
}

/** Which keys of a body are told, in this order, and how. */
const TOLD: readonly (readonly [key: string, id: string, how: keyof FactWords | "plain"])[] = [
  ["handler", "handler", "office"],
  ["office", "office", "office"],
  ["category", "category", "category"],
  ["reason", "reason", "reason"],
  ["note", "note", "plain"],
  ["description", "description", "plain"],
  ["limit", "limit", "limit"],
  ["by", "by", "limit"],
  ["due_at", "due_at", "instant"],
  ["stars", "stars", "plain"],
  ["reference", "reference", "plain"],
  ["purpose", "purpose", "plain"],
];

/** Bodies are the persisted language: instants in them are microseconds since 1970. */
function inWords(how: keyof FactWords | "plain", value: string | number, action: string, words: FactWords): string {
  if (how === "instant") return words.instant(Number(value) / 1_000);
  if (how === "reason") return words.reason(String(value), action);
  return how === "plain" ? String(value) : words[how](String(value));
}

/** The facts of an event. */
export function bodyFacts(event: { readonly body: unknown }, words: FactWords): Fact[] {
  const body = typeof event.body === "object" && event.body !== null ? (event.body as Record<string, unknown>) : {};
  const action = typeof body["action"] === "string" ? body["action"] : "";
  return TOLD.flatMap(([key, id, how]) => {
    const value = body[key];
    if ((typeof value !== "string" && typeof value !== "number") || value === "") return [];
    return [{ id, value: inWords(how, value, action, words) }];
  });
}
