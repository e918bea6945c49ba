import type { Field } from "@dipper/api";
import { describe, expect, it } from "vitest";
import { answersForStorage, answersFromStorage, askedFields, checkAnswer, checkAnswers, parseLimit, splitAnswers, tidyAnswer, type Photo } from "./forms.ts";

const base = { id: "f", title: { "zh-CN": "f" }, required: true };
const optional = { ...base, required: false };
const photo = (key: string): Photo => ({ key, blob: new Blob([key]), url: `blob:${key}` });
const text = { ...base, type: "text", max: 5 } as Field;
const number = { ...base, type: "number", min: 1, max: 9 } as Field;
const choice = { ...base, type: "choice", options: [{ id: "a", title: {} }] } as Field;
const choices = { ...base, type: "choices", options: [{ id: "a", title: {} }] } as Field;
const date = { ...base, type: "date" } as Field;
const shaped = (format: string) => ({ ...base, type: "text", max: 40, format }) as Field;
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
    ["text of white space alone", text, " \u3000\n", "form.required"],
    ["optional text of white space alone", { ...text, required: false }, "  ", undefined],
    ["text with a bell in it", text, "a\u0007", "form.not_plain"],
    ["text with a tab in it", text, "a\tb", undefined],
    ["a telephone number", shaped("phone"), " +86 138-0000-0000 ", undefined],
    ["a telephone number in words", shaped("phone"), "call me", "form.not_phone"],
    ["a telephone number that ends in a sign", shaped("phone"), "1380000-", "form.not_phone"],
    ["an address of mail", shaped("email"), "li.wei@mail.example.org", undefined],
    ["an address of mail without a country", shaped("email"), "li@wei", "form.not_email"],
    ["an identity number", shaped("id_card"), "11010519491231002X", undefined],
    ["an identity number of month 13", shaped("id_card"), "110105194913310023", "form.not_id_card"],
    ["a credit code", shaped("credit_code"), "91350100M000100Y43", undefined],
    ["a credit code in small letters", shaped("credit_code"), "91350100m000100y43", "form.not_credit_code"],
    ["a postcode", shaped("postcode"), "570100", undefined],
    ["an amount", shaped("money"), "12.50", undefined],
    ["an amount of three decimals", shaped("money"), "12.505", "form.not_money"],
    ["a postcode with a digit too many", shaped("postcode"), "5701000", "form.not_postcode"],
    ["a postcode in digits of another script", shaped("postcode"), "\u0661\u0662\u0663\u0664\u0665\u0666", "form.not_postcode"],
    ["a day", date, "2026-11-23", undefined],
    ["no day", date, "", "form.required"],
    ["an optional day left out", { ...date, required: false }, "", undefined],
    ["the 29th of February of a leap year", date, "2024-02-29", undefined],
    ["the 29th of February of a common year", date, "2026-02-29", "form.not_a_day"],
    ["the 29th of February of 1900", date, "1900-02-29", "form.not_a_day"],
    ["the 29th of February of 2000", date, "2000-02-29", undefined],
    ["the 29th of February of the year 0", date, "0000-02-29", undefined],
    ["the 31st of April", date, "2026-04-31", "form.not_a_day"],
    ["a day with a space", date, " 2026-04-30", "form.not_a_day"],
    ["a day of five digits", date, "12026-04-30", "form.not_a_day"],
    ["a choice the form has lost", choice, "z", "form.required"],
    ["several choices, one twice", choices, ["a", "a"], "form.required"],
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
    ["optional photos left out", evidence(0, 3, false), [], undefined],
    ["photos of which the pack asks one at least, called optional or not", evidence(1, 3, false), [], "form.too_few_photos"],
    ["the same photo twice", evidence(1, 3), ["a1".repeat(32), "a1".repeat(32)], "form.same_photo"],
    ["something that is no photo", evidence(1, 3), ["a1".repeat(32), "a photo"], "form.too_few_photos"],
    ["photos uploaded already", evidence(1, 3), ["a1".repeat(32)], undefined],
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

  const branching = [
    { ...choice, id: "who", options: ["shop", "canteen"].map((id) => ({ id, title: {} })) },
    { ...choices, id: "sells", options: ["raw", "hot"].map((id) => ({ id, title: {} })) },
    { ...choice, id: "room", show_if: { field: "sells", is: ["raw"] }, options: ["yes", "no"].map((id) => ({ id, title: {} })) },
    { ...text, id: "where", show_if: { field: "room", is: ["yes"] } },
    { ...number, id: "diners", show_if: { field: "who", is: ["canteen"] } },
  ] as Field[];
  it.each<[string, Record<string, unknown>, string[]]>([
    ["nothing yet", {}, ["who", "sells"]],
    ["one of several choices", { sells: ["hot", "raw"] }, ["who", "sells", "room"]],
    ["a chain", { sells: ["raw"], room: "yes" }, ["who", "sells", "room", "where"]],
    ["an answer to a field that is no longer asked", { sells: ["hot"], room: "yes", who: "canteen" }, ["who", "sells", "diners"]],
  ])("asks after %s", (_what, answers, asked) => {
    expect(askedFields(branching, answers).map(({ id }) => id)).toEqual(asked);
  });

  it("neither checks nor sends what is not asked", () => {
    const answers = { who: "shop", sells: ["hot"], room: "yes", where: "far too long", diners: "3" };
    expect(checkAnswers(branching, answers)).toEqual({});
    expect(splitAnswers(branching, answers).body).toEqual({ who: "shop", sells: ["hot"] });
  });

  it("keeps what was meant: no space around, no full-width digits, capitals in codes", () => {
    expect(tidyAnswer(shaped("credit_code"), " 91350100m000100y43\u3000")).toBe("91350100M000100Y43");
    expect(tidyAnswer(shaped("phone"), "\uff11\uff13800000000")).toBe("13800000000");
    expect(tidyAnswer(text, " \uff21 ")).toBe("\uff21");
  });

  it("is sent with the ids of photos that are uploaded already", () => {
    expect(splitAnswers([{ ...evidence(1, 2), id: "plan" }] as Field[], { plan: ["a1".repeat(32)] })).toEqual({ body: { plan: ["a1".repeat(32)] }, photos: [] });
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
