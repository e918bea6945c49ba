/** What the grid page shows, and how its address says so. */
import { GRID_LEVELS, type GridLevel } from "../beidou";
import { tidyCode } from "./code";

/** A place at a level, with a height above the ellipsoid in three dimensions. */
export interface Spot {
  readonly level: GridLevel;
  readonly lon: number;
  readonly lat: number;
  /** Metres; null in the plane. */
  readonly height_m: number | null;
}

/** What an address asks for: a code to decode, or parts of a spot. */
export interface SpotAddress {
  readonly code?: string;
  readonly spot: Partial<Spot>;
}

/** A cell of level 10 is 1.4 × 10⁻⁷ degrees: eight decimals name a point well within it. */
const DECIMALS = 8;

/** Layers of level 10 are 15 mm: heights to the millimetre. */
const HEIGHT_DECIMALS = 3;

/** A value of an address: routers give lists and nulls too. */
export type QueryValue = string | null | undefined | readonly (string | null)[];

function first(value: QueryValue): string | undefined {
  const one = typeof value === "string" || value == null ? value : value[0];
  return one ?? undefined;
}

function round(value: number, decimals: number): number {
  return Number(value.toFixed(decimals));
}

/** A number within bounds; undefined for anything else, the empty text included. */
export function numberWithin(text: string | undefined, least: number, most: number): number | undefined {
  if (text === undefined || text.trim() === "") return undefined;
  const value = Number(text);
  return least <= value && value <= most ? value : undefined;
}

/** Heights that have a layer, metres (GB/T 39409-2020, C.13). */
export const HEIGHT_LEAST_M = -6_302_106;
export const HEIGHT_MOST_M = 528_680_171;

/** Reads an address; what makes no sense is left out. */
export function readSpot(query: Readonly<Record<string, QueryValue>>): SpotAddress {
  const code = tidyCode(first(query["code"]) ?? "");
  const level = GRID_LEVELS.find((one) => String(one) === first(query["level"]));
  const [lonText, latText, ...more] = (first(query["at"]) ?? "").split(",");
  const lon = numberWithin(lonText, -180, 180);
  const lat = numberWithin(latText, -90, 90);
  const height_m = numberWithin(first(query["height"]), HEIGHT_LEAST_M, HEIGHT_MOST_M);
  const placed = lon !== undefined && lat !== undefined && more.length === 0;
  return {
    ...(code ? { code } : {}),
    spot: { ...(level ? { level } : {}), ...(placed ? { lon, lat } : {}), ...(height_m === undefined ? {} : { height_m }) },
  };
}

/** Writes a spot as an address. */
export function writeSpot({ level, lon, lat, height_m }: Spot): Record<string, string> {
  return {
    level: String(level),
    at: `${round(lon, DECIMALS)},${round(lat, DECIMALS)}`,
    ...(height_m === null ? {} : { height: String(round(height_m, HEIGHT_DECIMALS)) }),
  };
}
