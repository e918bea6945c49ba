import { expect, it } from "vitest";
import type { IndicatorDefinition, IndicatorRow } from "../types";
import { ranked } from "./options";

const row = (key: string, value: number | null): IndicatorRow => ({ key, title: { en: key }, values: { x: { value, numerator: 0, denominator: 0 } } });
const definition = (target?: number): IndicatorDefinition => ({ id: "x", title: {}, formula: {}, unit: "ratio", ...(target === undefined ? {} : { target }) });

it("ranks the worst first against a target, the most first without one, and leaves out what was never counted", () => {
  const rows = [row("a", 0.9), row("b", 0.7), row("c", null)];
  expect(ranked(rows, definition(0.8)).map(({ key }) => key)).toEqual(["b", "a"]);
  expect(ranked(rows, definition()).map(({ key }) => key)).toEqual(["a", "b"]);
});
