import type { Field } from "@dipper/api";
import { describe, expect, it } from "vitest";
import { answersForStorage, answersFromStorage, checkAnswer, checkAnswers, parseLimit, splitAnswers, type Photo } from "./forms.ts";

const base = { id: "f", title: { "zh-CN": "f" }, required: true };
const optional = { ...base, required: false };
const photo = (key: string): Photo => ({ key, blob: new Blob([key]), url: `blob:${key}` });
const text = { ...base, type: "text", max: 5 } as Field;
const number = { ...base, type: "number", min: 1, max: 9 } as Field;
const choice = { ...base, type: "choice", options: [{ id: "a", title: {} }] } as Field;
const choices = { ...base, type: "choices", options: [{ id: "a", title: {} }] } as Field;
const datetime = { ...base, type: "datetime" } as Field;
const limit = { ...base, type: "limit", max: "5 working_day" } as Field;
const condition = { ...base, type: "condition" } as Field;
const stars = { ...base, type: "stars" } as Field;
const evidence = (min: number, max: number, required = true) => ({ ...(required ? base : optional), type: "evidence", min, max }) as Field;

describe("an answer", () => {
  it.each<[string, Field, unknown, string | undefined]>([
    ["text", text, "", "form.required"],
    ["text at its limit, counted in characters", text, "路灯坏了😀", undefined],
    ["text one over", text, "路灯又坏了。", "form.too_long"],
    ["optional text left out", { ...text, required: false }, undefined, undefined],
    ["number with a fraction", number, "1.5", "form.whole_number"],
    ["number too large", number, "10", "form.out_of_range"],
    ["number within", number, "9", undefined],
    ["choice", choice, "a", undefined],
    ["no choice", choice, undefined, "form.required"],
    ["an empty list of choices", choices, [], "form.required"],
    ["a time that is none", datetime, "tomorrow", "form.not_a_time"],
    ["a time", datetime, "2026-11-23T08:00:00Z", undefined],
    ["a limit beyond the longest", limit, "6 working_day", "form.limit_too_long"],
    ["a limit of another kind, which the server compares", limit, "48 urgent_hour", undefined],
    ["a limit without amount", limit, "0 working_day", "form.required"],
    ["a condition without category", condition, {}, "form.required"],
    ["a condition", condition, { category: "s0101", condition: "built" }, undefined],
    ["no stars", stars, undefined, "form.required"],
    ["six stars", stars, 6, "form.required"],
    ["four stars", stars, 4, undefined],
    ["too few photos", evidence(2, 3), [photo("a")], "form.too_few_photos"],
    ["required photos of which the pack asks none at least", evidence(0, 3), [], "form.too_few_photos"],
    ["optional photos left out", evidence(1, 3, false), [], undefined],
    ["optional photos, fewer than asked for", evidence(2, 3, false), [photo("a")], "form.too_few_photos"],
    ["too many photos", evidence(0, 1), [photo("a"), photo("b")], "form.too_many_photos"],
  ])("%s", (_what, field, value, fault) => {
    expect(checkAnswer(field, value)?.id).toBe(fault);
  });
});

describe("a form", () => {
  it("names every field at fault at once", () => {
    const fields = [
      { ...text, id: "note" },
      { ...stars, id: "stars" },
      { ...choice, id: "reason" },
    ] as Field[];
    expect(Object.keys(checkAnswers(fields, { stars: 3 }))).toEqual(["note", "reason"]);
  });

  it("is sent without empty answers, numbers as numbers, photos apart", () => {
    const fields = [
      { ...number, id: "count" },
      { ...text, id: "note" },
      { ...evidence(1, 3), id: "after" },
      { ...stars, id: "stars" },
    ] as Field[];
    const { body, photos } = splitAnswers(fields, { count: "3", note: "", after: [photo("a")], stars: 5, stray: "x" });
    expect(body).toEqual({ count: 3, stars: 5 });
    expect(photos.map(({ key, field }) => [key, field])).toEqual([["a", "after"]]);
  });

  it("comes back from storage with photos that can be shown", () => {
    const stored = answersForStorage({ note: "x", after: [photo("a")], kind: { category: "s0101" }, none: [] });
    expect((stored["after"] as Photo[])[0]?.url).toBe("");
    const shown = answersFromStorage(stored, () => "blob:new");
    expect([(shown["after"] as Photo[])[0]?.url, shown["note"], shown["kind"], shown["none"]]).toEqual(["blob:new", "x", { category: "s0101" }, []]);
  });
});

describe("limits", () => {
  it.each([
    ["3 working_day", { amount: 3, unit: "working_day" }],
    ["3", undefined],
    ["three days", undefined],
    [undefined, undefined],
  ])("%s", (words, parsed) => {
    expect(parseLimit(words)).toEqual(parsed);
  });
});
