/** Where the map of a flight opens, and lengths in words. */
import type { Shot, ShotState } from "@dipper/map";
import type { FlightChange, FlightFile } from "../types";

/** Pixels of a map of a flight, about. */
const MAP_PX = 600;
/** Pixels of a tile of the whole Earth. */
const TILE_PX = 512;
const ZOOM_MAX = 17.5;

/** The middle of a box (west, south, east, north) and how near the map may come to show all of it. */
export function startOver(bounds: readonly number[]): { lon: number; lat: number; zoom: number } {
  const [west = 0, south = 0, east = 0, north = 0] = bounds;
  const lat = (south + north) / 2;
  // A degree of latitude is longer on the map by the secant.
  const span = Math.max(east - west, (north - south) / Math.cos((lat * Math.PI) / 180), 1e-6);
  const zoom = Math.log2((360 * MAP_PX) / (TILE_PX * span)) - 0.4;
  return { lon: (west + east) / 2, lat, zoom: Math.min(ZOOM_MAX, Math.max(8, zoom)) };
}

/** Where the pictures of a flight were taken. */
export function shotsOf(files: readonly FlightFile[]): Shot[] {
  return files.flatMap(({ kind, number, lon, lat }) => (kind === "track" || lon === undefined || lat === undefined ? [] : [{ number, lon, lat, state: "shown" as ShotState }]));
}

/** What comparing came to so far. */
export const stateOf = ({ comparison }: FlightChange): ShotState => comparison?.finding ?? "waiting";

/** How much of a picture has changed, in its own pixels. */
function changed({ comparison }: FlightChange): number {
  return (comparison?.regions ?? []).reduce((sum, { after }) => sum + after.width * after.height, 0);
}

/** Changed first, the most of it before the rest; then what could not be compared; the same order otherwise. */
export function byUrgency(pairs: readonly FlightChange[]): FlightChange[] {
  const rank: Record<ShotState, number> = { differs: 0, unclear: 1, waiting: 2, same: 3, shown: 4 };
  return [...pairs].sort((a, b) => rank[stateOf(a)] - rank[stateOf(b)] || changed(b) - changed(a) || a.after_number - b.after_number);
}

/** A length in the largest unit that leaves one digit before the point. */
export function lengthInWords(bytes: number, locale: string): string {
  const units = ["byte", "kilobyte", "megabyte", "gigabyte"] as const;
  const at = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log10(Math.max(1, bytes)) / 3)));
  return new Intl.NumberFormat(locale, { style: "unit", unit: units[at] ?? "byte", maximumFractionDigits: 1 }).format(bytes / 1000 ** at);
}
