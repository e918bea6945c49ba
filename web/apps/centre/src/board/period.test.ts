import { expect, it } from "vitest";
import { daysOf, periodOf } from "./period";

it("a week ends today by the city's clock", () => {
  const late_evening_utc = Date.parse("2026-11-23T20:00:00Z");
  expect(periodOf("week", late_evening_utc, "Asia/Shanghai")).toEqual({ from: "2026-11-18", to: "2026-11-24" });
  expect(periodOf("week", late_evening_utc, "America/New_York")).toEqual({ from: "2026-11-17", to: "2026-11-23" });
});

it("both ends of a period count", () => {
  expect(daysOf({ from: "2026-11-01", to: "2026-11-30" })).toBe(30);
  expect(daysOf({ from: "2026-11-05", to: "2026-11-01" })).toBe(1);
});
