import { expect, it } from "vitest";
import { missesTarget } from "../format";
import type { IndicatorDefinition, IndicatorRow } from "../types";
import { ranked } from "./options";

const row = (key: string, value: number | null): IndicatorRow => ({ key, title: { en: key }, values: { x: { value, numerator: 0, denominator: 0 } } });
const definition = (target?: number): IndicatorDefinition => ({
  id: "x",
  title: {},
  formula: {},
  unit: "ratio",
  has_missing: true,
  ...(target === undefined ? {} : { target }),
});

it("ranks the worst first against a target, the most first without one, and leaves out what was never counted", () => {
  const rows = [row("a", 0.9), row("b", 0.7), row("c", null)];
  expect(ranked(rows, definition(0.8)).map(({ key }) => key)).toEqual(["b", "a"]);
  expect(ranked(rows, definition()).map(({ key }) => key)).toEqual(["a", "b"]);
});

it("counts more of a fault as worse", () => {
  const faults = { ...definition(0.05), id: "rework_rate" };
  expect(missesTarget(0.14, faults)).toBe(true);
  expect(missesTarget(0.02, faults)).toBe(false);
  expect(missesTarget(0.14, definition(0.05))).toBe(false);
});
