import type { Field } from "@dipper/api";
import { describe, expect, it } from "vitest";
import { after, at, before, CHECK, checkAt, firstOpen, isReachable, progress, resumeAt } from "./steps.ts";

const base = { title: { "zh-CN": "?" }, required: true };
const yesNo = ["yes", "no"].map((id) => ({ id, title: {} }));
const FIELDS = [
  { ...base, id: "canteen", type: "choice", options: yesNo },
  { ...base, id: "diners", type: "number", min: 1, max: 99, show_if: { field: "canteen", is: ["yes"] } },
  { ...base, id: "name", type: "text", max: 9 },
  { ...base, id: "remark", required: false, type: "text", max: 9 },
] as Field[];
const DONE = { canteen: "no", name: "x" };

describe("the way through a form", () => {
  it("has room for a question called like the last page", () => {
    const fields = [{ ...base, id: "check", type: "choice", options: yesNo }] as Field[];
    expect([resumeAt(fields, {}, undefined), resumeAt(fields, { check: "yes" }, undefined)]).toEqual(["check", CHECK]);
    expect([at("s", "check"), checkAt("s")]).toEqual(["/services/s/apply/q/check", "/services/s/apply/check"]);
  });

  it.each<[string, Record<string, unknown>, { n: number; of: number } | undefined]>([
    ["without the branch", DONE, { n: 2, of: 3 }],
    ["with the branch", { ...DONE, canteen: "yes" }, { n: 3, of: 4 }],
  ])("counts the questions asked %s", (_what, answers, place) => {
    expect(progress(FIELDS, answers, "name")).toEqual(place);
  });

  it("gives no place to what is not asked", () => {
    expect(progress(FIELDS, DONE, "diners")).toBeUndefined();
  });

  it.each<[string, string, Record<string, unknown>, boolean, string]>([
    ["goes into a branch", "canteen", { canteen: "yes" }, false, "diners"],
    ["goes past a branch", "canteen", { canteen: "no" }, false, "name"],
    ["ends at the check", "remark", DONE, false, CHECK],
    ["returns to the check from a changed answer", "name", DONE, true, CHECK],
    ["asks first what the change has opened up", "canteen", { ...DONE, canteen: "yes" }, true, "diners"],
  ])("%s", (_what, id, answers, returning, next) => {
    expect(after(FIELDS, answers, id, returning)).toBe(next);
  });

  it.each<[string, Record<string, unknown>, string | undefined]>([
    ["canteen", DONE, undefined],
    ["name", DONE, "canteen"],
    ["name", { ...DONE, canteen: "yes" }, "diners"],
    [CHECK, DONE, "remark"],
  ])("before %s", (id, answers, expected) => {
    expect(before(FIELDS, answers, id)).toBe(expected);
  });

  it.each<[string, Record<string, unknown>, boolean]>([
    ["name", {}, false],
    ["canteen", {}, true],
    ["diners", DONE, false],
    ["nothing_of_it", DONE, false],
    ["remark", DONE, true],
  ])("%s can be opened after %o: %s", (id, answers, can) => {
    expect(isReachable(FIELDS, answers, id)).toBe(can);
  });

  it.each<[string | undefined, Record<string, unknown>, string]>([
    [undefined, {}, "canteen"],
    ["name", { canteen: "no" }, "name"],
    ["remark", { canteen: "no" }, "name"],
    ["a_question_of_last_year", { canteen: "no" }, "name"],
    [undefined, DONE, CHECK],
  ])("goes on from %s", (last, answers, expected) => {
    expect(resumeAt(FIELDS, answers, last)).toBe(expected);
  });

  it("knows when nothing is open", () => {
    expect([firstOpen(FIELDS, DONE), firstOpen(FIELDS, {})]).toEqual([undefined, "canteen"]);
  });
});
