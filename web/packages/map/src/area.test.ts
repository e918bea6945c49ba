import { describe, expect, it } from "vitest";
import { type Area, areaBounds, areaM2, areaQuery, circleRing, crossesItself, distanceM, isWhole, readArea, writeArea } from "./area";

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

describe("an area in a page's address", () => {
  const circle: Area = { kind: "circle", centre: HERE, radius_m: 500 };
  const polygon: Area = { kind: "polygon", corners: [at(-0.000001, -33.9), at(112.91, 32.49), at(180, 90)] };

  it("is written in the server's words", () => {
    expect(writeArea(circle)).toEqual({ lon: "112.89194", lat: "32.51805", radius_m: "500" });
    expect(writeArea(polygon)).toEqual({ polygon: "-0.000001,-33.9 112.91,32.49 180,90" });
  });

  it.each([circle, polygon, { ...circle, radius_m: 0.25 }, { ...circle, radius_m: 100_000 }, { ...circle, centre: at(-180, -90) }] as Area[])("is read back the same: %j", (area) => {
    expect(readArea(writeArea(area))).toEqual(area);
  });

  it("is read back to 0.1 m from presses finer than that", () => {
    const [lon, lat] = [112.8919400000004, -0.00000004];
    expect(readArea(writeArea({ ...circle, centre: at(lon, lat) }))).toEqual({ ...circle, centre: at(112.89194, 0) });
  });

  it("takes two hundred corners and no more", () => {
    const corners = (count: number) => Array.from({ length: count }, (_, n) => `${n},0.5`);
    expect(readArea({ polygon: corners(180).join(" ") })).toMatchObject({ kind: "polygon" });
    expect(readArea({ polygon: [...corners(100), ...corners(100)].join(" ") })).toMatchObject({ kind: "polygon" });
    expect(readArea({ polygon: [...corners(100), ...corners(101)].join(" ") })).toBeNull();
  });

  const LAMP = { lon: "112.89", lat: "32.51", radius_m: "500" };
  it.each([
    ["nothing", {}],
    ["two corners", { polygon: "1,2 3,4" }],
    ["an empty polygon", { polygon: "" }],
    ["a corner of one number", { polygon: "1,2 3 5,6 7,8" }],
    ["a corner of three numbers", { polygon: "1,2,0 3,4,0 5,6,0" }],
    ["two spaces between corners", { polygon: "1,2  3,4 5,6" }],
    ["a space at the end", { polygon: "1,2 3,4 5,6 " }],
    ["a latitude beyond the pole", { polygon: "1,2 3,91 5,6" }],
    ["a longitude beyond the date line", { polygon: "1,2 180.1,4 5,6" }],
    ["an exponent", { polygon: "1,2 3e0,4 5,6" }],
    ["a plus", { ...LAMP, lon: "+112.89" }],
    ["a number of another base", { ...LAMP, lat: "0x20" }],
    ["a number without digits before the point", { ...LAMP, lat: ".5" }],
    ["words", { ...LAMP, lon: "NaN" }],
    ["infinity", { ...LAMP, radius_m: "Infinity" }],
    ["a radius of nothing", { ...LAMP, radius_m: "0" }],
    ["a radius below nothing", { ...LAMP, radius_m: "-500" }],
    ["a radius beyond the server's", { ...LAMP, radius_m: "100001" }],
    ["no radius", { lon: "112.89", lat: "32.51" }],
    ["a parameter without a value", { ...LAMP, radius_m: null }],
    ["a parameter twice", { ...LAMP, lat: ["32.51", "32.52"] }],
    ["a polygon twice", { polygon: ["1,2 3,4 5,6", "1,2 3,4 5,6"] }],
    ["both kinds at once", { ...LAMP, polygon: "1,2 3,4 5,6" }],
    ["a polygon and part of a circle", { lon: "112.89", polygon: "1,2 3,4 5,6" }],
  ])("is none for %s", (_, query) => {
    expect(readArea(query)).toBeNull();
  });

  it("stands beside other parameters", () => {
    expect(readArea({ ...LAMP, from: "mail" })).toMatchObject({ kind: "circle", radius_m: 500 });
  });
});
