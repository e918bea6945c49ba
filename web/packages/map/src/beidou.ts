/**
 * BeiDou grid codes (GB/T 39409-2020, two-dimensional, |latitude| < 88°) for drawing the grid.
 *
 * Computed here so that panning never waits for the server. The server's `core/grid` is the authority: this file is
 * held to the same vectors at all ten levels. It must never be used for storage.
 */

/** West, south, east, north in degrees, CGCS2000. */
export type Bounds = readonly [west: number, south: number, east: number, north: number];

/** A box as the server writes it. */
export function boundsOf({ west, south, east, north }: { west: number; south: number; east: number; north: number }): Bounds {
  return [west, south, east, north];
}

/** One grid cell. */
export interface Cell {
  /** The code as printed, such as `N49E7C2`. */
  readonly code: string;
  /** Its box in degrees. */
  readonly bounds: Bounds;
}

/** Levels of the grid, widest first. */
export const GRID_LEVELS = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10] as const;

/** A level: 1 (widest) to 10 (finest). */
export type GridLevel = (typeof GRID_LEVELS)[number];

/** Integer units in one degree: 1/2048 second each, so that every level is a whole number of units. */
const UNITS = 3600 * 2048;

/** Cell size by level in units; index 0 is unused. */
const LON_UNITS = [0, 44_236_800, 3_686_400, 1_843_200, 122_880, 8_192, 4_096, 512, 64, 8, 1] as const;
const LAT_UNITS = [0, 29_491_200, 3_686_400, 1_228_800, 122_880, 8_192, 4_096, 512, 64, 8, 1] as const;

/** Polar caps have another subdivision; city maps do not reach them. */
const LAT_LIMIT = 88;

const HEX = "0123456789ABCDE";

/** Degrees to whole units; a value within 15 nm of a boundary is on it (otherwise decode(encode) drifts a cell). */
function units(degrees: number): number {
  const exact = degrees * UNITS;
  const nearest = Math.round(exact);
  return Math.abs(exact - nearest) < 1e-6 ? nearest : Math.floor(exact);
}

/** The signed index of a cell counted from the equator or the prime meridian: 0, 1 … outward, -1, -2 … the other way. */
function indexOf(degrees: number, size: number, last: number): number {
  const index = Math.floor(Math.min(units(Math.abs(degrees)), last * UNITS - 1) / size);
  return degrees < 0 ? -1 - index : index;
}

function size(table: readonly number[], level: GridLevel): number {
  const value = table[level];
  if (value === undefined) throw new RangeError(`grid level must be 1 to 10, got ${level}`);
  return value;
}

/** Digits of one level below the first, from the offsets within the parent. */
function digits(level: number, x: number, y: number): string {
  if (level === 3 || level === 6) return String(2 * y + x);
  return `${HEX.charAt(x)}${HEX.charAt(y)}`;
}

/** The code of the cell with these signed indices. */
function codeOf(level: GridLevel, column: number, row: number): string {
  const east = column >= 0;
  const north = row >= 0;
  const kx = (east ? column : -1 - column) * size(LON_UNITS, level);
  const ky = (north ? row : -1 - row) * size(LAT_UNITS, level);
  const sheetColumn = Math.floor(kx / LON_UNITS[1]);
  const sheetRow = Math.floor(ky / LAT_UNITS[1]);
  const sheet = String(east ? 31 + sheetColumn : 30 - sheetColumn).padStart(2, "0");
  let code = `${north ? "N" : "S"}${sheet}${String.fromCharCode(65 + sheetRow)}`;
  for (let at = 2; at <= level; at += 1) {
    const x = Math.floor((kx % size(LON_UNITS, (at - 1) as GridLevel)) / size(LON_UNITS, at as GridLevel));
    const y = Math.floor((ky % size(LAT_UNITS, (at - 1) as GridLevel)) / size(LAT_UNITS, at as GridLevel));
    code += digits(at, x, y);
  }
  return code;
}

function cellAt(level: GridLevel, column: number, row: number): Cell {
  const lon = size(LON_UNITS, level);
  const lat = size(LAT_UNITS, level);
  return {
    code: codeOf(level, column, row),
    bounds: [(column * lon) / UNITS, (row * lat) / UNITS, ((column + 1) * lon) / UNITS, ((row + 1) * lat) / UNITS],
  };
}

/** The cell of a level that holds a point in degrees; null in the polar caps. */
export function cellOf(lon: number, lat: number, level: GridLevel): Cell | null {
  if (!(Math.abs(lon) <= 180) || !(Math.abs(lat) < LAT_LIMIT)) return null;
  return cellAt(level, indexOf(lon, size(LON_UNITS, level), 180), indexOf(lat, size(LAT_UNITS, level), LAT_LIMIT));
}

/** Signed index ranges of the cells that touch a box. */
export interface Cover {
  readonly level: GridLevel;
  readonly columns: readonly [first: number, last: number];
  readonly rows: readonly [first: number, last: number];
}

/** The cells of a level that touch a box. */
export function cover(bounds: Bounds, level: GridLevel): Cover {
  const [west, south, east, north] = bounds;
  const lon = size(LON_UNITS, level);
  const lat = size(LAT_UNITS, level);
  return {
    level,
    columns: [indexOf(Math.max(west, -180), lon, 180), indexOf(Math.min(east, 180), lon, 180)],
    rows: [indexOf(Math.max(south, -LAT_LIMIT), lat, LAT_LIMIT), indexOf(Math.min(north, LAT_LIMIT), lat, LAT_LIMIT)],
  };
}

/** How many cells a cover has. */
export function countCells({ columns, rows }: Cover): number {
  return (columns[1] - columns[0] + 1) * (rows[1] - rows[0] + 1);
}

/** Every cell of a cover, south-west first. */
export function listCells({ level, columns, rows }: Cover): Cell[] {
  const cells: Cell[] = [];
  for (let row = rows[0]; row <= rows[1]; row += 1) {
    for (let column = columns[0]; column <= columns[1]; column += 1) cells.push(cellAt(level, column, row));
  }
  return cells;
}

/** Degrees of longitude one cell of the level is wide. */
export function cellWidthDeg(level: GridLevel): number {
  return size(LON_UNITS, level) / UNITS;
}

/** Degrees of latitude one cell of the level is high. */
export function cellHeightDeg(level: GridLevel): number {
  return size(LAT_UNITS, level) / UNITS;
}
