/** What the live map shows, and the query it makes of that. */
import { type Area, areaQuery, type MapView } from "@dipper/map";
import type { MapQuery, RegionLevel, WithinQuery } from "../types";

/** Which cases. */
export interface MapFilter {
  which: "open" | "late" | "all";
  category: string | null;
  stage: string;
}

/** Which layers. */
export interface MapLayers {
  level: RegionLevel | "none";
  grid: boolean;
}

/** Degrees to four decimals (11 m): small moves then ask the same question. */
function outward(degrees: number, up: boolean): number {
  return (up ? Math.ceil(degrees * 1e4) : Math.floor(degrees * 1e4)) / 1e4;
}

/** The query of `GET /map/cases` for a view and a filter. */
export function mapQuery({ bounds: [west, south, east, north], zoom }: MapView, filter: MapFilter): MapQuery {
  return {
    west: Math.max(-180, outward(west, false)),
    south: Math.max(-90, outward(south, false)),
    east: Math.min(180, outward(east, true)),
    north: Math.min(90, outward(north, true)),
    zoom: Math.round(zoom * 10) / 10,
    ...filterQuery(filter),
  };
}

/** The part of a query that says which cases. */
export function filterQuery(filter: MapFilter): Pick<MapQuery, "open" | "late" | "category" | "stage"> {
  return {
    ...(filter.which === "all" ? {} : { open: true }),
    ...(filter.which === "late" ? { late: true } : {}),
    ...(filter.category ? { category: filter.category } : {}),
    ...(filter.stage ? { stage: filter.stage } : {}),
  };
}

/** Most cases listed of an area; the server's own ceiling. */
export const AREA_CASES_MAX = 200;

/** The query of `GET /map/cases/within` for an area and a filter. */
export function withinQuery(area: Area, filter: MapFilter): WithinQuery {
  return { ...areaQuery(area), ...filterQuery(filter), limit: AREA_CASES_MAX };
}
