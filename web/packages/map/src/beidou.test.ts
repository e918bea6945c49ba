import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { cellOf, countCells, cover, type GridLevel, listCells } from "./beidou";

/** The shared vectors stand beside the repository; they are not part of it. */
const VECTORS = fileURLToPath(new URL("../../../../../shared/vectors/grid/beidou_2d.csv", import.meta.url));

describe("BeiDou codes", () => {
  it.each([
    [67.917373773, 25.375389942, 4, "N42G325A2"],
    [0, 0, 1, "N31A"],
    [-6, 4, 1, "N29B"],
    [112.9, 32.5, 1, "N49I"],
  ] as const)("point %d, %d at level %d is %s", (lon, lat, level, code) => {
    expect(cellOf(lon, lat, level)?.code).toBe(code);
  });

  it("polar caps have no cell here", () => {
    expect(cellOf(10, 88, 3)).toBeNull();
    expect(cellOf(Number.NaN, 0, 3)).toBeNull();
  });

  it.skipIf(!existsSync(VECTORS))("agrees with every shared vector outside the poles", () => {
    const rows = readFileSync(VECTORS, "utf8").trim().split("\n").slice(1);
    let compared = 0;
    for (const row of rows) {
      const [lon, lat, level, code] = row.split(",");
      if (Math.abs(Number(lat)) >= 88) continue;
      expect(cellOf(Number(lon), Number(lat), Number(level) as GridLevel)?.code, row).toBe(code);
      compared += 1;
    }
    expect(compared).toBeGreaterThan(100);
  });
});

describe("covers", () => {
  it("holds every cell that touches the box, across the equator and the meridian", () => {
    const area = cover([-0.01, -0.01, 0.01, 0.01], 4);
    const codes = listCells(area).map(({ code }) => code);
    expect(codes).toHaveLength(countCells(area));
    expect(new Set(codes.map((code) => code.slice(0, 4)))).toEqual(new Set(["S30A", "S31A", "N30A", "N31A"]));
  });
});
