import { describe, expect, it } from "vitest";
import { preferredLocale } from "./i18n.ts";
import { fitted } from "./photo.ts";
import { problemWords } from "./problem-words.ts";
import { textIn } from "./text.ts";

describe("the language to begin with", () => {
  it.each([
    ["the one chosen before", "en", ["zh-CN"], "en"],
    ["the browser's", null, ["fr", "en-GB", "zh"], "en"],
    ["Chinese of any kind", null, ["zh-Hant-TW", "en"], "zh-CN"],
    ["Chinese when nothing fits", null, ["fr"], "zh-CN"],
    ["not one that is unknown", "tlh", ["en"], "en"],
  ] as const)("is %s", (_what, chosen, browser, expected) => {
    expect(preferredLocale(chosen, browser)).toBe(expected);
  });
});

describe("a text of the pack", () => {
  it.each([
    [{ "zh-CN": "路灯", en: "Lamp" }, "en", "Lamp"],
    [{ "zh-Hans": "路灯", en: "Lamp" }, "zh-CN", "路灯"],
    [{ en: "Lamp" }, "zh-CN", "Lamp"],
    [{}, "en", ""],
    [undefined, "en", ""],
  ])("%o in %s", (text, locale, expected) => {
    expect(textIn(text as Record<string, string> | undefined, locale)).toBe(expected);
  });
});

describe("a failed call in words", () => {
  const known: Record<string, string> = {
    "problem.locked.title": "Locked",
    "problem.locked.text": "Wait",
    "problem.server.title": "Our fault",
    "problem.offline.title": "No connection",
    "problem.404.title": "Not found",
    "problem.other.title": "Failed",
  };
  const t = (id: string) => known[id] ?? id;
  const te = (id: string) => id in known;
  it.each([
    [429, "locked", "m", { title: "Locked", text: "Wait" }],
    [404, "no_such_case", "m", { title: "Not found" }],
    [502, "unexpected", "m", { title: "Our fault" }],
    [0, "offline", "m", { title: "No connection" }],
    [418, "teapot", "short and stout", { title: "Failed", text: "short and stout" }],
  ])("status %d, code %s", (status, code, message, expected) => {
    expect(problemWords({ status, code, message }, t, te)).toEqual(expected);
  });
});

describe("a photo made smaller", () => {
  it.each([
    [4000, 3000, [2048, 1536]],
    [3000, 4000, [1536, 2048]],
    [800, 600, [800, 600]],
    [10_000, 1, [2048, 1]],
  ])("%d × %d", (width, height, expected) => {
    expect(fitted(width, height)).toEqual(expected);
  });
});
