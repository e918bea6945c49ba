import { expect, test } from "vitest";
import type { FlightChange } from "../types";
import { byUrgency, lengthInWords, startOver } from "./place";

test("a map opens over the whole flight, never nearer than streets", () => {
  const wide = startOver([112.8, 32.4, 113.0, 32.6]);
  expect([wide.lon, wide.lat].map((degrees) => Math.round(degrees * 10) / 10)).toEqual([112.9, 32.5]);
  expect(wide.zoom).toBeGreaterThan(9.5);
  expect(wide.zoom).toBeLessThan(11.5);
  expect(startOver([112.9, 32.5, 112.9, 32.5]).zoom).toBe(17.5);
});

test("lengths are told in the unit a person would take", () => {
  expect([900, 1_500, 24_600_000, 3_900_000_000].map((bytes) => lengthInWords(bytes, "en"))).toEqual(["900 byte", "1.5 kB", "24.6 MB", "3.9 GB"]);
});

test("what has changed comes first, the most of it before the rest", () => {
  const pair = (after_number: number, finding?: "same" | "differs" | "unclear", regions = 0) =>
    ({ before_number: 1, after_number, lon: 0, lat: 0, apart_m: 0, areas: [], ...(finding ? { comparison: { finding, regions: Array.from({ length: regions }, () => ({ after: { x: 0, y: 0, width: 10, height: 10 } })) } } : {}) }) as unknown as FlightChange;
  const sorted = byUrgency([pair(1, "same"), pair(2), pair(3, "differs", 1), pair(4, "unclear"), pair(5, "differs", 4)]);
  expect(sorted.map(({ after_number }) => after_number)).toEqual([5, 3, 4, 2, 1]);
});
