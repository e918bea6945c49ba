/**
 * Grid codes as people read them: cut into the characters each level added (GB/T 39409-2020, clauses 5 and 6).
 * Nothing here decides whether a code is right; the server does.
 */
import { GRID_LEVELS, type GridLevel } from "../beidou";

/** How many characters a level adds in the plane; index 0 is the hemisphere. */
const PLANE_CHARS = [1, 3, 2, 1, 2, 2, 1, 2, 2, 2, 2] as const;

/** How many height characters follow them in a code of three dimensions; index 0 is the sign. */
const HEIGHT_CHARS = [1, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1] as const;

/** Cells of a level along longitude and latitude within one cell of the level above; index 0 and 1 have no such parent. */
const SPLIT = [
  [1, 1],
  [1, 1],
  [12, 8],
  [2, 3],
  [15, 10],
  [15, 15],
  [2, 2],
  [8, 8],
  [8, 8],
  [8, 8],
  [8, 8],
] as const;

const HEX = "0123456789ABCDE";

/** What one level added to a code. Level 0 is the hemisphere and, in three dimensions, the sign of the height. */
export interface CodePart {
  readonly level: 0 | GridLevel;
  readonly plane: string;
  /** Empty in the plane. */
  readonly height: string;
}

/** Whether a code has heights: its fourth character is then a digit, and a letter otherwise. Polar codes count as plane. */
export function isVoxelCode(code: string): boolean {
  return /^.\d\d\d/.test(code) && code.slice(1, 4) !== "000";
}

/** A code as typed or pasted: capitals, without blanks and the marks people part groups with. */
export function tidyCode(typed: string): string {
  return typed.toUpperCase().replace(/[\s·.,_\u2010-\u2015-]/gu, "");
}

/** Cuts a code into what each level added. A torn last group is given as it stands. */
export function splitCode(code: string): CodePart[] {
  const voxel = isVoxelCode(code);
  const parts: CodePart[] = [];
  let at = 0;
  for (const level of [0, ...GRID_LEVELS] as const) {
    if (at >= code.length) break;
    const middle = at + PLANE_CHARS[level];
    const end = voxel ? middle + HEIGHT_CHARS[level] : middle;
    parts.push({ level, plane: code.slice(at, middle), height: code.slice(middle, end) });
    at = end;
  }
  return parts;
}

/** Where a part lies within the cell of the level above: columns from the prime meridian, rows from the equator, from 0. */
export interface Seat {
  readonly columns: number;
  readonly rows: number;
  readonly column: number;
  readonly row: number;
}

/** Reads the digits of one level; null for the levels that have no parent, and for characters that are no digits. */
export function seatOf({ level, plane }: CodePart): Seat | null {
  if (level < 2) return null;
  const [columns, rows] = SPLIT[level];
  if (level === 3 || level === 6) {
    const digit = HEX.indexOf(plane);
    return plane.length === 1 && digit >= 0 ? { columns, rows, column: digit % 2, row: Math.floor(digit / 2) } : null;
  }
  const [column, row] = [HEX.indexOf(plane.charAt(0)), HEX.indexOf(plane.charAt(1))];
  return plane.length === 2 && column >= 0 && row >= 0 ? { columns, rows, column, row } : null;
}

/** Which character the server found wrong, counted from 1; null where its words name none. */
export function faultAt(message: string): number | null {
  const [, at] = /\bcharacter (\d+) of the grid code\b/.exec(message) ?? [];
  return at ? Number(at) : null;
}
