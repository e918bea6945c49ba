/** An area drawn on the map: a circle about a place, or a polygon. */
import type { Position } from "geojson";
import type { LonLat } from "./layers/pin";

/** What is drawn. A polygon is open: its last corner is not its first. */
export type Area = { readonly kind: "circle"; readonly centre: LonLat; readonly radius_m: number } | { readonly kind: "polygon"; readonly corners: readonly LonLat[] };

/** Fewest and most corners of a polygon; the most is the server's own limit. */
export const CORNERS_LEAST = 3;
export const CORNERS_MOST = 200;

/** Largest radius the server takes. */
export const RADIUS_MOST_M = 100_000;

/** Sides a circle is drawn with: at 500 m they leave it by less than a metre. */
const CIRCLE_SIDES = 96;

/** WGS 84: semi-major axis in metres and first eccentricity squared. */
const AXIS_M = 6_378_137;
const ECCENTRICITY_2 = 0.00669437999014;

const RADIANS = Math.PI / 180;

/** Metres in one degree of longitude and of latitude at a latitude, on the ellipsoid. */
function metresPerDegree(lat: number): { lon: number; lat: number } {
  const [sin, cos] = [Math.sin(lat * RADIANS), Math.cos(lat * RADIANS)];
  const w = 1 - ECCENTRICITY_2 * sin * sin;
  return { lon: (AXIS_M / Math.sqrt(w)) * cos * RADIANS, lat: ((AXIS_M * (1 - ECCENTRICITY_2)) / w ** 1.5) * RADIANS };
}

/** The outline of a circle for drawing, closed. What is within is the server's to say. */
export function circleRing({ lon, lat }: LonLat, radius_m: number): Position[] {
  const metres = metresPerDegree(lat);
  return Array.from({ length: CIRCLE_SIDES + 1 }, (_, at) => {
    const angle = ((at % CIRCLE_SIDES) / CIRCLE_SIDES) * 2 * Math.PI;
    return [lon + (radius_m * Math.cos(angle)) / metres.lon, lat + (radius_m * Math.sin(angle)) / metres.lat];
  });
}

/** Distance in metres along the ground; good to one in a thousand over a city. */
export function distanceM(a: LonLat, b: LonLat): number {
  const metres = metresPerDegree((a.lat + b.lat) / 2);
  return Math.hypot((b.lon - a.lon) * metres.lon, (b.lat - a.lat) * metres.lat);
}

/** Area in square metres; a polygon that crosses itself counts lobes against each other. */
export function areaM2(area: Area): number {
  if (area.kind === "circle") return Math.PI * area.radius_m ** 2;
  const { corners } = area;
  const [first] = corners;
  if (!first || corners.length < CORNERS_LEAST) return 0;
  const metres = metresPerDegree(first.lat);
  let twice = 0;
  corners.forEach((corner, at) => {
    const next = corners[(at + 1) % corners.length] ?? first;
    twice += (corner.lon - first.lon) * (next.lat - first.lat) - (next.lon - first.lon) * (corner.lat - first.lat);
  });
  return (Math.abs(twice) / 2) * metres.lon * metres.lat;
}

/** On which side of the line from a to b a point lies: positive left, negative right. */
function side(a: LonLat, b: LonLat, point: LonLat): number {
  return Math.sign((b.lon - a.lon) * (point.lat - a.lat) - (b.lat - a.lat) * (point.lon - a.lon));
}

function cross(a: LonLat, b: LonLat, c: LonLat, d: LonLat): boolean {
  return side(a, b, c) * side(a, b, d) < 0 && side(c, d, a) * side(c, d, b) < 0;
}

/** Whether two sides of a polygon cross: then part of it is not within, which surprises whoever drew it. */
export function crossesItself(corners: readonly LonLat[]): boolean {
  const sides = corners.map((corner, at) => [corner, corners[(at + 1) % corners.length] ?? corner] as const);
  return sides.some(([a, b], at) => sides.some(([c, d], other) => other > at + 1 && cross(a, b, c, d)));
}

/** Whether an area can be asked about. */
export function isWhole(area: Area): boolean {
  if (area.kind === "circle") return 0 < area.radius_m && area.radius_m <= RADIUS_MOST_M;
  return CORNERS_LEAST <= area.corners.length && area.corners.length <= CORNERS_MOST;
}

/** Six decimals are 0.1 m: finer than any finger. */
function degrees(value: number): number {
  return Math.round(value * 1e6) / 1e6;
}

/** The parameters of `GET /map/cases/within`. */
export type AreaQuery = { polygon: string } | { lon: number; lat: number; radius_m: number };

/** An area as the server wants it. */
export function areaQuery(area: Area): AreaQuery {
  if (area.kind === "circle") return { lon: degrees(area.centre.lon), lat: degrees(area.centre.lat), radius_m: area.radius_m };
  return { polygon: area.corners.map(({ lon, lat }) => `${degrees(lon)},${degrees(lat)}`).join(" ") };
}

/** A number as {@link writeArea} writes it: digits, no sign but minus, no exponent, no spaces. */
const PLAIN = /^-?\d{1,6}(?:\.\d{1,6})?$/;

/** A plain number within bounds, or undefined. */
function plain(text: unknown, least: number, most: number): number | undefined {
  if (typeof text !== "string" || !PLAIN.test(text)) return undefined;
  const value = Number(text);
  return least <= value && value <= most ? value : undefined;
}

function readCorner(text: string): LonLat | undefined {
  const [lonText, latText, ...more] = text.split(",");
  const [lon, lat] = [plain(lonText, -180, 180), plain(latText, -90, 90)];
  return lon === undefined || lat === undefined || more.length > 0 ? undefined : { lon, lat };
}

function readPolygon(text: unknown): Area | null {
  // Its corners are not even looked at one by one when there are too many.
  const written = typeof text === "string" ? text.split(" ", CORNERS_MOST + 1) : [];
  const corners = written.map(readCorner).filter((corner) => corner !== undefined);
  const area: Area = { kind: "polygon", corners };
  return corners.length === written.length && isWhole(area) ? area : null;
}

function readCircle(query: Readonly<Record<string, unknown>>): Area | null {
  const [lon, lat] = [plain(query["lon"], -180, 180), plain(query["lat"], -90, 90)];
  const radius_m = plain(query["radius_m"], 0, RADIUS_MOST_M);
  if (lon === undefined || lat === undefined || radius_m === undefined) return null;
  const area: Area = { kind: "circle", centre: { lon, lat }, radius_m };
  return isWhole(area) ? area : null;
}

/** Names of an address's parameters that say an area: those of the server. */
export const AREA_PARAMETERS = ["polygon", "lon", "lat", "radius_m"] as const;

/** Reads an area from a page's address. One wrong part makes it no area: half a shape would be another question. */
export function readArea(query: Readonly<Record<string, unknown>>): Area | null {
  const given = AREA_PARAMETERS.filter((name) => query[name] !== undefined);
  if (given.length === 1 && given[0] === "polygon") return readPolygon(query["polygon"]);
  return given.length === 3 && !given.includes("polygon") ? readCircle(query) : null;
}

/** Writes an area as a page's address: the server's own words, to 0.1 m. */
export function writeArea(area: Area): Record<string, string> {
  return Object.fromEntries(Object.entries(areaQuery(area)).map(([name, value]) => [name, typeof value === "number" ? String(degrees(value)) : value]));
}

/** The box around an area. */
export function areaBounds(area: Area): readonly [west: number, south: number, east: number, north: number] {
  const ring = area.kind === "circle" ? circleRing(area.centre, area.radius_m) : area.corners.map(({ lon, lat }) => [lon, lat]);
  const [lons, lats] = [ring.map(([lon = 0]) => lon), ring.map(([, lat = 0]) => lat)];
  return [Math.min(...lons), Math.min(...lats), Math.max(...lons), Math.max(...lats)];
}
