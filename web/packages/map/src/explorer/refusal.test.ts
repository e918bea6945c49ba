import { describe, expect, it } from "vitest";
import { mapEn } from "../locales/en";
import { mapZhCN } from "../locales/zh-CN";
import { reasonOf } from "./refusal";

describe("why a code was refused", () => {
  // Every sentence of core/grid, as the server sends it.
  it.each([
    ["grid code has 5 characters; a code has 4, 6, 7, 9, 11, 12, 14, 16, 18 or 20", "length", { count: "5" }],
    ["grid code has 8 characters; a three-dimensional code has 7, 10, 12, 15, 18, 20, 23, 26, 29 or 32", "length_voxel", { count: "8" }],
    ["code: character 5 of the grid code is 'Z'; expected a digit 0 to B", "digit", { from: "0", to: "B" }],
    ["character 12 of the grid code is 'Q'; expected a height digit 0 or 1", "digit", { from: "0", to: "1" }],
    ["character 9 of the grid code is 'Q'; expected a height digit 0 to 9", "digit", { from: "0", to: "9" }],
    ["character 2 of the grid code is '9'; expected a column 01 to 60, or 00 at a pole", "column", undefined],
    ["grid code has column 61; columns are 01 to 60", "column", undefined],
    ["character 4 of the grid code is 'W'; expected a row A to V", "row", undefined],
    ["character 1 of the grid code is 'X'; expected N or S", "half", undefined],
    ["character 2 of the grid code is '5'; expected 0 above ground or 1 below", "sign", undefined],
    ["character 6 of the grid code is '9'; expected a height 00 to 63", "height", undefined],
    ["character 3 of the grid code is '北'; expected a digit or a capital letter", "letter", undefined],
    ["character 4 of the grid code is 'A'; expected 0, as the column 00 is polar", "polar_row", undefined],
    ["grid code is polar and of level 3; polar cells have levels 1 and 2 only", "polar_level", undefined],
    ["layer of the grid code lies above the ceiling of 256 degrees", "ceiling", undefined],
  ])("%s", (message, id, values) => {
    expect(reasonOf(message)).toEqual({ id: `grid.why_${id}`, ...(values ? { values } : {}) });
    for (const words of [mapZhCN, mapEn]) expect(words.grid).toHaveProperty(`why_${id}`);
  });

  it("is not guessed", () => {
    expect(reasonOf("the server is busy")).toBeNull();
  });
});
