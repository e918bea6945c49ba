import { describe, expect, it } from "vitest";
import { areaBounds, areaM2, areaQuery, circleRing, crossesItself, distanceM, isWhole } from "./area";

const at = (lon: number, lat: number) => ({ lon, lat });
const HERE = at(112.89194, 32.51805);

describe("areas", () => {
  it("a circle's outline is its radius away all round, and closed", () => {
    const ring = circleRing(HERE, 500);
    expect(ring[0]).toEqual(ring.at(-1));
    for (const [lon = 0, lat = 0] of ring) expect(Math.abs(distanceM(HERE, at(lon, lat)) - 500)).toBeLessThan(0.5);
  });

  it("one minute square at 32.5° N is 2.89 km²", () => {
    // 1 564.6 m by 1 848.4 m on the ellipsoid.
    const corners = [at(112.5, 32.5), at(112.5 + 1 / 60, 32.5), at(112.5 + 1 / 60, 32.5 + 1 / 60), at(112.5, 32.5 + 1 / 60)];
    expect(areaM2({ kind: "polygon", corners }) / 1e6).toBeCloseTo(2.895, 2);
  });

  it("knows a bow tie from a square", () => {
    const square = [at(0, 0), at(1, 0), at(1, 1), at(0, 1)];
    expect(crossesItself(square)).toBe(false);
    expect(crossesItself([at(0, 0), at(1, 1), at(1, 0), at(0, 1)])).toBe(true);
  });

  it("asks the server in its own words, to a tenth of a metre", () => {
    expect(areaQuery({ kind: "polygon", corners: [at(112.89, 32.49), at(112.9100000001, 32.49), at(112.9, 32.51)] })).toEqual({
      polygon: "112.89,32.49 112.91,32.49 112.9,32.51",
    });
    expect(areaQuery({ kind: "circle", centre: HERE, radius_m: 500 })).toEqual({ ...HERE, radius_m: 500 });
  });

  it("is whole with three to two hundred corners, or a radius the server takes", () => {
    const corners = (count: number) => Array.from({ length: count }, (_, n) => at(n / 1e3, 0));
    expect([2, 3, 200, 201].map((count) => isWhole({ kind: "polygon", corners: corners(count) }))).toEqual([false, true, true, false]);
    expect([0, Number.NaN, 1, 100_001].map((radius_m) => isWhole({ kind: "circle", centre: HERE, radius_m }))).toEqual([false, false, true, false]);
  });

  it("has a box around it", () => {
    expect(areaBounds({ kind: "polygon", corners: [at(1, 5), at(3, 4), at(2, 6)] })).toEqual([1, 4, 3, 6]);
  });
});
