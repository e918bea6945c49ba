import { describe, expect, it } from "vitest";
import { numberWithin, readSpot, writeSpot } from "./spot";

describe("the address of the grid page", () => {
  it.each([
    { level: 7, lon: 112.89194, lat: 32.51805, height_m: null },
    { level: 10, lon: -0.00000014, lat: -33.86880123, height_m: 8848.862 },
    { level: 1, lon: 180, lat: 0, height_m: -42.5 },
  ] as const)("says level, place and height, and is read back the same: $level", (spot) => {
    const read = readSpot(writeSpot(spot)).spot;
    expect({ height_m: null, ...read }).toEqual(spot);
  });

  it("leaves out what makes no sense", () => {
    expect(readSpot({ level: "11", at: "181,2", height: "high" })).toEqual({ spot: {} });
    expect(readSpot({ level: "07", at: "1", code: " " })).toEqual({ spot: {} });
    expect(readSpot({ at: "1,2,3" })).toEqual({ spot: {} });
  });

  it("takes a code as it was pasted", () => {
    expect(readSpot({ code: ["n49i 71", null] })).toEqual({ code: "N49I71", spot: {} });
  });

  it("reads no number from an empty text", () => {
    expect([numberWithin("", -1, 1), numberWithin(" ", -1, 1), numberWithin("0", -1, 1), numberWithin("NaN", -1, 1)]).toEqual([undefined, undefined, 0, undefined]);
  });
});
