/** The lines and labels of the BeiDou grid for one view of the map. */
import type { Feature, FeatureCollection, LineString, Point } from "geojson";
import { type Bounds, cellHeightDeg, cellWidthDeg, countCells, cover, type GridLevel, listCells } from "./beidou";

/** Cells narrower than this are a grey haze, not a grid. */
const CELL_PX_MIN = 24;

/** Narrower cells have no room for their code. */
const LABEL_PX_MIN = 96;

/** Most cells drawn at once; the server's own ceiling for `GET /grid`. */
const CELLS_MAX = 2_500;

/** Metres in one degree of latitude, mean of the WGS 84 meridian. */
const METRES_PER_DEGREE = 111_195;

/** Pixels in the world's width at zoom 0 (MapLibre tiles are 512 px). */
const WORLD_PX = 512;

/** Pixels one degree of longitude takes at a zoom. */
export function pxPerDegree(zoom: number): number {
  return (WORLD_PX * 2 ** zoom) / 360;
}

/** The finest level whose cells are wide enough to read at a zoom. */
export function levelForZoom(zoom: number): GridLevel {
  const levels: GridLevel[] = [7, 6, 5, 4, 3, 2, 1];
  return levels.find((level) => cellWidthDeg(level) * pxPerDegree(zoom) >= CELL_PX_MIN) ?? 1;
}

/** Lines (`major` where they are also lines of the level above) and labels of a grid. */
export interface GridDrawing {
  readonly level: GridLevel;
  readonly lines: FeatureCollection<LineString, { major: boolean }>;
  readonly labels: FeatureCollection<Point, { code: string }>;
}

function isLineOf(degrees: number, parent: number): boolean {
  const ratio = degrees / parent;
  return Math.abs(ratio - Math.round(ratio)) < 1e-7;
}

function line(from: [number, number], to: [number, number], major: boolean): Feature<LineString, { major: boolean }> {
  return { type: "Feature", properties: { major }, geometry: { type: "LineString", coordinates: [from, to] } };
}

/** Draws the grid over a box. A level too fine for the box gives way to the next coarser one. */
export function drawGrid(bounds: Bounds, zoom: number, wanted?: GridLevel): GridDrawing {
  let level = wanted ?? levelForZoom(zoom);
  while (level > 1 && countCells(cover(bounds, level)) > CELLS_MAX) level = (level - 1) as GridLevel;
  const area = cover(bounds, level);
  const [width, height] = [cellWidthDeg(level), cellHeightDeg(level)];
  const parent = level > 1 ? ((level - 1) as GridLevel) : level;
  const [west, south] = [area.columns[0] * width, area.rows[0] * height];
  const [east, north] = [(area.columns[1] + 1) * width, (area.rows[1] + 1) * height];
  const lines: Feature<LineString, { major: boolean }>[] = [];
  for (let column = area.columns[0]; column <= area.columns[1] + 1; column += 1) {
    const lon = column * width;
    lines.push(line([lon, south], [lon, north], level > 1 && isLineOf(lon, cellWidthDeg(parent))));
  }
  for (let row = area.rows[0]; row <= area.rows[1] + 1; row += 1) {
    const lat = row * height;
    lines.push(line([west, lat], [east, lat], level > 1 && isLineOf(lat, cellHeightDeg(parent))));
  }
  const roomy = width * pxPerDegree(zoom) >= LABEL_PX_MIN;
  const labels = roomy ? listCells(area) : [];
  return {
    level,
    lines: { type: "FeatureCollection", features: lines },
    labels: {
      type: "FeatureCollection",
      features: labels.map(({ code, bounds: [w, , , n] }) => ({
        type: "Feature",
        properties: { code },
        geometry: { type: "Point", coordinates: [w, n] },
      })),
    },
  };
}

/** Width of a cell on the ground in metres at a latitude. */
export function cellWidthM(level: GridLevel, lat: number): number {
  return cellWidthDeg(level) * METRES_PER_DEGREE * Math.cos((lat * Math.PI) / 180);
}

/** Height of a cell on the ground in metres. */
export function cellHeightM(level: GridLevel): number {
  return cellHeightDeg(level) * METRES_PER_DEGREE;
}
