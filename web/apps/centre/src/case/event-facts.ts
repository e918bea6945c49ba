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
  readonly instant: (at: string) => string;
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
  ["reason", "reason", "plain"],
  ["note", "note", "plain"],
  ["description", "description", "plain"],
  ["limit", "limit", "limit"],
  ["by", "by", "limit"],
  ["due_at", "due_at", "instant"],
  ["stars", "stars", "plain"],
];

/** The facts of an event. */
export function bodyFacts(event: { readonly body: unknown }, words: FactWords): Fact[] {
  const body = typeof event.body === "object" && event.body !== null ? (event.body as Record<string, unknown>) : {};
  return TOLD.flatMap(([key, id, how]) => {
    const value = body[key];
    if (typeof value !== "string" && typeof value !== "number") return [];
    const plain = String(value);
    return plain === "" ? [] : [{ id, value: how === "plain" ? plain : words[how](plain) }];
  });
}
