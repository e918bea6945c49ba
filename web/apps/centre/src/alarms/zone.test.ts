import { expect, it } from "vitest";
import { nextMorningMs, zoneOffsetMs } from "./zone";

it("knows how far a city's clocks are ahead", () => {
  const at = Date.parse("2026-11-28T02:00:00.123Z");
  expect(zoneOffsetMs(at, "Asia/Shanghai")).toBe(8 * 3_600_000);
  expect(zoneOffsetMs(at, "UTC")).toBe(0);
  expect(zoneOffsetMs(at, "America/New_York")).toBe(-5 * 3_600_000);
});

it("tomorrow morning is that of the city, before and after its midnight", () => {
  const morning = (now: string, zone: string) => new Date(nextMorningMs(Date.parse(now), zone)).toISOString();
  expect(morning("2026-11-28T15:59:00Z", "Asia/Shanghai")).toBe("2026-11-29T00:00:00.000Z");
  expect(morning("2026-11-28T16:01:00Z", "Asia/Shanghai")).toBe("2026-11-30T00:00:00.000Z");
  expect(morning("2026-12-31T12:00:00Z", "Asia/Shanghai")).toBe("2027-01-01T00:00:00.000Z");
});

it("a night in which the clocks change does not move the morning", () => {
  expect(new Date(nextMorningMs(Date.parse("2026-03-28T20:00:00Z"), "Europe/Berlin")).toISOString()).toBe("2026-03-29T06:00:00.000Z");
});
