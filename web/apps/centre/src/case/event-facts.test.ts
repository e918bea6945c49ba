import { describe, expect, it } from "vitest";
import { bodyFacts, isClockEvent } from "./event-facts";

const words = {
  office: (id: string) => `office ${id}`,
  category: (id: string) => id,
  limit: (limit: string) => limit,
  instant: (at_ms: number) => new Date(at_ms).toISOString(),
  reason: (id: string, action: string) => `${action}: ${id}`,
};

describe("facts of an event", () => {
  it("tells the handler by name and the note in the actor's words", () => {
    const body = { kind: "moved", handler: "o1", note: "replaced the cover", evidence: { after: ["e1"] } };
    expect(bodyFacts({ body }, words)).toEqual([
      { id: "handler", value: "office o1" },
      { id: "note", value: "replaced the cover" },
    ]);
  });

  it("reads instants as microseconds, and reasons from the list of their action", () => {
    expect(bodyFacts({ body: { kind: "clock_started", due_at: 1_790_344_474_484_015 } }, words)).toEqual([{ id: "due_at", value: "2026-09-25T13:54:34.484Z" }]);
    expect(bodyFacts({ body: { kind: "moved", action: "return", reason: "unclear" } }, words)).toEqual([{ id: "reason", value: "return: unclear" }]);
  });

  it("tells the number of a payment and why personal data was opened", () => {
    expect(bodyFacts({ body: { kind: "paying", state: "captured", amount: 1_000, reference: "G-000001" } }, words)).toEqual([{ id: "reference", value: "G-000001" }]);
    expect(bodyFacts({ body: { kind: "looked", data: "contact", purpose: "核对地址" } }, words)).toEqual([{ id: "purpose", value: "核对地址" }]);
  });

  it("says nothing of a body without known facts", () => {
    expect(bodyFacts({ body: null }, words)).toEqual([]);
    expect(bodyFacts({ body: { note: "" } }, words)).toEqual([]);
  });

  it("knows the events that only tell of a clock", () => {
    expect(isClockEvent("clock_started")).toBe(true);
    expect(isClockEvent("deadline_passed")).toBe(false);
  });
});
