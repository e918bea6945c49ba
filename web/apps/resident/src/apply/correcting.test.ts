import type { ApplicationAnswers } from "@dipper/api";
import { describe, expect, it } from "vitest";
import { correctionPort, differing, NO_PENDING } from "./correcting.ts";
import { Filling } from "./filling.ts";

const HANDED_IN = {
  service: "s",
  version: 7,
  answers: { name: "李", account: "F1", plan: ["a1"], old: { presentation: "ey.a~b~" } },
  provenance: { account: { self_declared: false }, name: { self_declared: true } },
} as unknown as ApplicationAnswers;

describe("a correction", () => {
  it("opens the form with the answers handed in, and what a department or a licence gave is locked", async () => {
    const filling = new Filling(correctionPort("NO-1", () => HANDED_IN), NO_PENDING);
    await filling.open([]);
    expect({ ...filling.answers }).toEqual(HANDED_IN.answers);
    expect(["name", "account", "plan", "old"].map((id) => filling.isLocked(id))).toEqual([false, true, false, true]);
  });

  it("leaves the answers handed in as they were", async () => {
    const filling = new Filling(correctionPort("NO-1", () => HANDED_IN), NO_PENDING);
    await filling.open([]);
    (filling.answers["plan"] as string[]).push("b2");
    expect(HANDED_IN.answers["plan"]).toEqual(["a1"]);
  });

  it.each([
    [{ a: 1 }, { a: 1 }, []],
    [{ a: 1 }, { a: 2, b: "x" }, ["a", "b"]],
    [{ a: ["x"] }, { a: ["x", "y"] }, ["a"]],
    [{ a: ["x"] }, {}, ["a"]],
    [{}, { a: "", b: [], c: undefined }, []],
  ])("from %j to %j corrects %j", (before, now, expected) => {
    expect(differing(before, now)).toEqual(expected);
  });
});
