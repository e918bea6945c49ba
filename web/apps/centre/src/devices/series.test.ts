import { expect, it } from "vitest";
import type { DeviceStep } from "../types";
import { seriesOption, summary, withBreaks } from "./series";

const step = (minute: number, mean: number, more: Partial<DeviceStep> = {}): DeviceStep => ({
  from: new Date(Date.UTC(2026, 10, 27, 0, minute)).toISOString(),
  count: 1,
  min: mean,
  max: mean,
  mean,
  ...more,
});
const WORDS = { mean: "mean", least: "least", greatest: "greatest", value: String, tick: String, time: String, instant: String };
const COLOURS = { font: "", ink: "", soft: "", line: "", surface: "", opened: "", closed: "", late: "", soon: "", bar: "blue" };

it("the line breaks where the device was silent for three intervals", () => {
  const steps = [step(0, 1), step(5, 2), step(10, 3), step(40, 4)];
  expect(withBreaks(steps, 60, 300).map((point) => point.step?.mean ?? null)).toEqual([1, 2, 3, null, 4]);
  expect(withBreaks(steps, 900, 300).map((point) => point.step?.mean ?? null)).toEqual([1, 2, 3, 4]);
});

it("a mean of steps weighs them by their readings", () => {
  expect(summary([step(0, 1, { count: 3, min: 0 }), step(5, 5, { count: 1, max: 9 })])).toEqual({ count: 4, mean: 2, min: 0, max: 9 });
  expect(summary([])).toBeNull();
});

it("the band runs from the least to the greatest, below zero too", () => {
  const steps = [step(0, -2, { count: 2, min: -5, max: 1 })];
  const option = seriesOption({ property: "t", from: steps[0]!.from, to: steps[0]!.from, step_seconds: 60, steps }, { kind: "measurement" }, 300, WORDS, COLOURS);
  const [floor, band, line] = option["series"] as { stackStrategy?: string; data: unknown[] }[];
  const at = Date.parse(steps[0]!.from);
  expect([floor?.data, band?.data]).toEqual([[[at, -5]], [[at, 6]]]);
  expect(floor?.stackStrategy).toBe("all");
  expect(line?.data).toEqual([{ value: [at, -2], symbolSize: 5 }]);
});

it("shares of a whole are seen against the whole", () => {
  const steps = [step(0, 90), step(5, 88)];
  const axis = (unit: string) => seriesOption({ property: "p", from: steps[0]!.from, to: steps[1]!.from, step_seconds: 300, steps }, { kind: "measurement", unit }, 300, WORDS, COLOURS)["yAxis"];
  expect(axis("%")).toMatchObject({ min: 0, max: 100 });
  expect(axis("cm")).toMatchObject({ scale: true });
});

it("truths are steps between yes and no", () => {
  const steps = [step(0, 0.75, { count: 4, min: 0, max: 1 }), step(5, 0)];
  const option = seriesOption({ property: "lit", from: steps[0]!.from, to: steps[1]!.from, step_seconds: 300, steps }, { kind: "truth" }, 300, WORDS, COLOURS);
  const line = (option["series"] as { step?: string; data: { value: number[] }[] }[])[2];
  expect([line?.step, line?.data.map(({ value }) => value[1])]).toEqual(["end", [1, 0]]);
});
