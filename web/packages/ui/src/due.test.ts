import { describe, expect, it } from "vitest";
import { leftMs, span, spanForm, toneNow, type DueTone } from "./due.ts";

const NOW = Date.parse("2026-11-23T08:00:00Z");

describe("the state of a deadline now", () => {
  it.each<[string, string | undefined, DueTone | undefined, DueTone]>([
    ["in two hours", "2026-11-23T10:00:00Z", "ok", "ok"],
    ["in two hours, soon by the server's measure", "2026-11-23T10:00:00Z", "soon", "soon"],
    ["in half an hour, without a word from the server", "2026-11-23T08:30:00Z", undefined, "soon"],
    ["passed since the answer came", "2026-11-23T07:59:59Z", "ok", "late"],
    ["passed, but paused", "2026-11-23T07:00:00Z", "paused", "paused"],
    ["passed, but counts for nobody", "2026-11-23T07:00:00Z", "exempt", "exempt"],
    ["none", undefined, undefined, "none"],
    ["late without an instant", undefined, "late", "late"],
  ])("%s", (_what, due_at, state, expected) => {
    expect(toneNow(due_at, state, NOW)).toBe(expected);
  });
});

describe("how long is left", () => {
  it.each([
    [30_000, "m", { days: 0, hours: 0, minutes: 1 }],
    [59 * 60_000, "m", { days: 0, hours: 0, minutes: 59 }],
    [60 * 60_000, "h", { days: 0, hours: 1, minutes: 0 }],
    [-(3 * 60 + 20) * 60_000, "hm", { days: 0, hours: 3, minutes: 20 }],
    [24 * 3_600_000, "d", { days: 1, hours: 0, minutes: 0 }],
    [30 * 3_600_000 + 59_000, "dh", { days: 1, hours: 6, minutes: 0 }],
  ] as const)("%d ms is told as %s", (ms, form, parts) => {
    expect(span(ms)).toEqual(parts);
    expect(spanForm(span(ms))).toBe(form);
  });

  it("is negative once the deadline has passed", () => {
    expect(leftMs("2026-11-23T07:00:00Z", NOW)).toBe(-3_600_000);
  });
});
