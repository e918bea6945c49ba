import { describe, expect, it } from "vitest";
import { clockInstant, clockText, formatInstant } from "./time.ts";

const NOW = Date.parse("2026-11-23T08:00:00Z");

describe("an instant says no more than is needed, in the city's time zone", () => {
  it.each([
    ["today", "2026-11-23T08:30:00Z", "zh-CN", "16:30"],
    ["today in the city though yesterday in UTC", "2026-11-22T16:05:00Z", "zh-CN", "00:05"],
    ["this year", "2026-11-20T01:00:00Z", "zh-CN", "11/20 09:00"],
    ["another year", "2025-12-31T01:00:00Z", "zh-CN", "2025/12/31 09:00"],
    ["this year in English", "2026-11-20T01:00:00Z", "en", "Nov 20, 09:00"],
  ])("%s", (_what, at, locale, expected) => {
    expect(formatInstant(at, NOW, locale, "Asia/Shanghai")).toBe(expected);
  });
});

describe("an instant in an input for date and time", () => {
  it("is read back the same, to the minute", () => {
    const instant = "2026-11-23T08:30:00.000Z";
    expect(clockText(instant)).toMatch(/^2026-11-2[234]T\d{2}:\d{2}$/);
    expect(clockInstant(clockText(instant))).toBe(instant);
  });

  it("is nothing for what is no instant", () => {
    expect([clockText(undefined), clockText("soon"), clockText(5)]).toEqual(["", "", ""]);
    expect([clockInstant(""), clockInstant("-")]).toEqual([undefined, undefined]);
  });
});
