import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { type CodePart, faultAt, isVoxelCode, seatOf, splitCode, tidyCode } from "./code";

const shown = (parts: readonly CodePart[]) => parts.map(({ level, plane, height }) => `${level}:${plane}${height ? `+${height}` : ""}`).join(" ");

/** The shared vectors stand beside the repository; they are not part of it. */
const vectors = (name: string) => fileURLToPath(new URL(`../../../../../../shared/vectors/grid/${name}`, import.meta.url));

describe("grouping by level", () => {
  it.each([
    ["N49I71452B6CD355", "0:N 1:49I 2:71 3:4 4:52 5:B6 6:C 7:D3 8:55"],
    ["S08A", "0:S 1:08A"],
    ["N000", "0:N 1:000"],
    ["N050F000500032078020140", "0:N+0 1:50F+00 2:05+0 3:0+0 4:32+0 5:78+0 6:2+0 7:14+0"],
    ["N49I7", "0:N 1:49I 2:7"],
  ])("%s", (code, expected) => {
    expect(shown(splitCode(code))).toBe(expected);
  });

  it.each([
    ["beidou_2d.csv", 3, 2],
    ["beidou_3d.csv", 4, 3],
  ] as const)("puts codes of the shared vectors together again, one group a level: %s", (name, codeAt, levelAt) => {
    if (!existsSync(vectors(name))) return;
    for (const row of readFileSync(vectors(name), "utf8").trim().split("\n").slice(1)) {
      const cells = row.split(",");
      const [code = "", level] = [cells[codeAt], Number(cells[levelAt])];
      if (Math.abs(Number(cells[1])) >= 88 || !/^[NS]/.test(code)) continue;
      const parts = splitCode(code);
      expect(parts.map(({ plane, height }) => plane + height).join(""), row).toBe(code);
      expect(parts.at(-1)?.level, row).toBe(level);
    }
  });

  it("tells codes of two and three dimensions apart by their fourth character", () => {
    expect(["N49I", "N000", "S0000", ""].map(isVoxelCode)).toEqual([false, false, false, false]);
    expect(isVoxelCode("N050F000500")).toBe(true);
  });
});

describe("the seat in the parent", () => {
  const part = (level: CodePart["level"], plane: string): CodePart => ({ level, plane, height: "" });

  it("reads two digits as column and row", () => {
    expect(seatOf(part(4, "E9"))).toEqual({ columns: 15, rows: 10, column: 14, row: 9 });
  });

  it("reads one digit in Z order", () => {
    expect(seatOf(part(3, "5"))).toEqual({ columns: 2, rows: 3, column: 1, row: 2 });
    expect(seatOf(part(6, "2"))).toEqual({ columns: 2, rows: 2, column: 0, row: 1 });
  });

  it("knows none of what has no parent or is no digit", () => {
    expect([seatOf(part(1, "49I")), seatOf(part(4, "X1")), seatOf(part(5, "1"))]).toEqual([null, null, null]);
  });
});

describe("codes as people write them", () => {
  it("takes away blanks and parting marks", () => {
    expect(tidyCode(" n49i-71 4·52\n")).toBe("N49I71452");
  });

  it("finds the wrong character in the server's words", () => {
    expect(faultAt("code: character 4 of the grid code is 'Z'; expected a row from A to V")).toBe(4);
    expect(faultAt("grid code has 5 characters; a code has 4, 6, 7")).toBeNull();
  });
});
