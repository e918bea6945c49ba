import { describe, expect, it } from "vitest";
import { drawnFrom, siblings } from "./stack";

const part = (level: 5 | 7, height: string) => ({ level, plane: "00", height });

describe("the column of a voxel", () => {
  it("is its parent's layers, its own among them", () => {
    const layers = siblings(part(7, "2"), 20, 30);
    expect(layers.map(({ step }) => step)).toEqual([-2, -1, 0, 1, 2]);
    expect(layers[0]).toEqual({ low_m: 0, high_m: 10, step: -2 });
  });

  it("counts downwards below ground", () => {
    const layers = siblings(part(7, "0"), -10, 0);
    expect(layers.at(-1)).toEqual({ low_m: -10, high_m: 0, step: 0 });
    expect(layers[0]?.low_m).toBe(-30);
  });

  it("stands on the ground when near it, else on its own foot", () => {
    expect(drawnFrom(siblings(part(7, "2"), 20, 30))).toBe(0);
    expect(drawnFrom(siblings(part(7, "2"), 8_020, 8_030))).toBe(8_000);
    expect(drawnFrom(siblings(part(7, "0"), -10, 0))).toBe(-30);
  });

  it("shows a voxel alone when its height character is no digit", () => {
    expect(siblings(part(5, "F"), 0, 122)).toEqual([{ low_m: 0, high_m: 122, step: 0 }]);
  });
});
