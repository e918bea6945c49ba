import { describe, expect, it } from "vitest";
import { apply, inverse, layOver } from "./projective.ts";

const map = [0.96, -0.05, 12, 0.04, 0.97, -7, 1e-5, -2e-5, 1];

describe("a map of pixels", () => {
  it("leads there and back", () => {
    const back = inverse(map);
    if (!back) throw new Error("there is a way back");
    for (const [x, y] of [[0, 0], [1280, 0], [640, 480], [3, 959]] as const) {
      const [u, v] = apply(map, x, y);
      const [p, q] = apply(back, u, v);
      expect(p).toBeCloseTo(x, 6);
      expect(q).toBeCloseTo(y, 6);
    }
  });

  it("has no way back when it flattens", () => {
    expect(inverse([1, 2, 0, 2, 4, 0, 0, 0, 1])).toBeUndefined();
    expect(layOver([1, 2, 0, 2, 4, 0, 0, 0, 1], 1)).toBeUndefined();
  });

  it("is a transform that puts the second picture's pixels on the first's, as large as it is shown", () => {
    const text = layOver(map, 0.5);
    const m = (text?.slice(9, -1).split(",") ?? []).map(Number);
    expect(m).toHaveLength(16);
    const [u, v] = apply(map, 200, 300);
    const at = (row: number) => (m[row] ?? 0) * u + (m[4 + row] ?? 0) * v + (m[12 + row] ?? 0);
    expect(at(0) / at(3)).toBeCloseTo(100, 3);
    expect(at(1) / at(3)).toBeCloseTo(150, 3);
  });
});
