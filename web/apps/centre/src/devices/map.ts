/** Devices as points of the map, in the shapes that cases have there. */
import type { CasePoints } from "@dipper/map";
import type { DueTone } from "@dipper/ui";
import type { Device, DeviceStanding } from "../types";

/** The shape of a standing: what needs nobody is a disc, what is shut out is the shape of what is late. */
export const SHAPES: Readonly<Record<DeviceStanding, DueTone>> = { active: "ok", silent: "soon", quarantined: "late", retired: "paused" };

/** A point for every device. */
export function pointsOf(devices: readonly Pick<Device, "id" | "lon" | "lat" | "standing">[]): CasePoints {
  return {
    type: "FeatureCollection",
    features: devices.map(({ id, lon, lat, standing }) => ({
      type: "Feature",
      geometry: { type: "Point", coordinates: [lon, lat] },
      properties: { case_id: id, no: id, due_state: SHAPES[standing] },
    })),
  };
}

/** Half the side of the box around a single device, degrees: some streets. */
const AROUND_DEG = 0.004;

/** The box that holds them all; nothing where there are none. */
export function boxOf(devices: readonly Pick<Device, "lon" | "lat">[]): readonly [number, number, number, number] | null {
  if (devices.length === 0) return null;
  const [lons, lats] = [devices.map(({ lon }) => lon), devices.map(({ lat }) => lat)];
  const [west, south, east, north] = [Math.min(...lons), Math.min(...lats), Math.max(...lons), Math.max(...lats)];
  return [Math.min(west, east - AROUND_DEG), Math.min(south, north - AROUND_DEG), Math.max(east, west + AROUND_DEG), Math.max(north, south + AROUND_DEG)];
}
