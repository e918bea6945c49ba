import { expect, it } from "vitest";
import { fit, frameOf, moved, refreshMs, zoomed } from "./time";

const NOW = Date.parse("2026-11-27T12:00:00Z");
const HOUR = 3_600_000;
const show = ({ from_ms, to_ms }: { from_ms: number; to_ms: number }) => [new Date(from_ms).toISOString().slice(0, 19), new Date(to_ms).toISOString().slice(0, 19)];

it("a time offered by name ends now", () => {
  expect(show(frameOf("hour", NOW))).toEqual(["2026-11-27T11:00:00", "2026-11-27T12:00:00"]);
  expect(show(frameOf("week", NOW))).toEqual(["2026-11-20T12:00:00", "2026-11-27T12:00:00"]);
});

it("zooms about the middle, and never beyond now", () => {
  const day = frameOf("day", NOW - 24 * HOUR);
  expect(show(zoomed(day, "in", NOW))).toEqual(["2026-11-25T18:00:00", "2026-11-26T06:00:00"]);
  expect(show(zoomed(frameOf("day", NOW), "out", NOW))).toEqual(["2026-11-25T12:00:00", "2026-11-27T12:00:00"]);
});

it("moves by half its length, and stops at now", () => {
  const day = frameOf("day", NOW);
  expect(show(moved(day, "earlier", NOW))).toEqual(["2026-11-26T00:00:00", "2026-11-27T00:00:00"]);
  expect(moved(day, "later", NOW)).toEqual(day);
});

it("what was dragged from right to left is the same time", () => {
  expect(fit({ from_ms: NOW - HOUR, to_ms: NOW - 3 * HOUR }, NOW)).toEqual({ from_ms: NOW - 3 * HOUR, to_ms: NOW - HOUR });
});

it("no time is shorter than a minute or longer than ten years", () => {
  const { from_ms, to_ms } = fit({ from_ms: NOW - 5_000, to_ms: NOW - 4_000 }, NOW);
  expect(to_ms - from_ms).toBe(60_000);
  const long = fit({ from_ms: 0, to_ms: NOW }, NOW);
  expect((long.to_ms - long.from_ms) / (365 * 24 * HOUR)).toBe(10);
});

it("a short time is asked for often, a long one seldom", () => {
  expect([refreshMs("hour"), refreshMs("day"), refreshMs("year")]).toEqual([15_000, 300_000, 300_000]);
});
