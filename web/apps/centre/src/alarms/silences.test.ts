import { expect, it } from "vitest";
import type { Silence } from "../types";
import { blankSilence, bodyOf, faultsOf, inOrder, stateOf } from "./silences";

const NOW = Date.parse("2026-11-28T02:00:00Z");
const ZONE = "Asia/Shanghai";
const silence = (id: string, from: string, until: string, is_over = false): Silence => ({
  id, from, until, is_over, rules: [], classes: [], regions: [], devices: [], reason: "r", begun_by: "b", begun_at: "2026-11-27T00:00:00Z", may_end: !is_over,
});

it("runs, is to come, or is over, also before the server says so", () => {
  const state = (from: string, until: string, is_over = false) => stateOf({ from, until, is_over, begun_at: "2026-11-28T00:00:00Z" }, NOW);
  expect(state("2026-11-28T01:00:00Z", "2026-11-28T03:00:00Z")).toBe("running");
  expect(state("2026-11-28T02:30:00Z", "2026-11-28T03:00:00Z")).toBe("coming");
  expect(state("2026-11-28T01:00:00Z", "2026-11-28T02:00:00Z")).toBe("over");
  expect(stateOf({ from: "2026-11-28T02:00:03Z", until: "2026-11-28T03:00:00Z", is_over: false, begun_at: "2026-11-28T02:00:03Z" }, NOW)).toBe("running");
  expect(state("2026-11-28T01:00:00Z", "2026-11-28T03:00:00Z", true)).toBe("over");
});

it("those in force stand first, the newest among equals", () => {
  const all = [silence("a", "2026-11-28T03:00:00Z", "2026-11-28T04:00:00Z"), silence("b", "2026-11-27T00:00:00Z", "2026-11-27T04:00:00Z"), silence("c", "2026-11-28T01:00:00Z", "2026-11-28T04:00:00Z"), silence("d", "2026-11-28T00:00:00Z", "2026-11-28T04:00:00Z")];
  expect(inOrder(all, NOW).map(({ id }) => id)).toEqual(["c", "d", "a", "b"]);
});

it("what is missing is named", () => {
  const draft = blankSilence();
  expect(faultsOf(draft, NOW, ZONE)).toEqual({ what: "silence.nothing", reason: "form.required" });
  expect(faultsOf({ ...draft, region: "gulou", reason: "Works", lasting: "own" }, NOW, ZONE)).toEqual({ until: "silence.no_until" });
  const own = (from: string, until: string) => faultsOf({ ...draft, rules: ["r"], reason: "Works", lasting: "own", from, until }, NOW, ZONE);
  expect(own("", "2026-11-20T08:00")).toEqual({ until: "silence.until_order" });
  expect(own("2026-12-20T08:00", "2026-12-20T07:00")).toEqual({ until: "silence.until_order" });
  expect(own("", "2027-11-20T08:00")).toEqual({ until: "silence.until_long" });
  expect(own("2026-12-20T08:00", "2026-12-20T09:00")).toEqual({});
});

it("begins with what an alarm is about, and is sent as it was chosen", () => {
  const draft = { ...blankSilence(["cover_open"], ["cover-17"]), reason: " Works\nin the street " };
  expect(bodyOf(draft, NOW, ZONE)).toEqual({ rules: ["cover_open"], classes: [], regions: [], devices: ["cover-17"], until: "2026-11-28T03:00:00.000Z", reason: "Works in the street" });
  expect(bodyOf({ ...draft, lasting: "morning" }, NOW, ZONE).until).toBe("2026-11-29T00:00:00.000Z");
  expect(bodyOf({ ...draft, region: "gulou", lasting: "own", from: "2026-12-20T08:00", until: "2026-12-20T09:00" }, NOW, ZONE)).toMatchObject({
    regions: ["gulou"],
    from: new Date("2026-12-20T08:00").toISOString(),
    until: new Date("2026-12-20T09:00").toISOString(),
  });
});
