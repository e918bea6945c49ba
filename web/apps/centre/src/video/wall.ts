/** What stands on the wall: how many pictures, and which cameras, as the address of the page says. */
import type { Camera } from "../types";

export const SIZES = [1, 4, 9] as const;
export type WallSize = (typeof SIZES)[number];

/** The size that the address asks for; four when it asks for none. */
export function sizeOf(asked: unknown): WallSize {
  return SIZES.find((size) => String(size) === asked) ?? 4;
}

/** The cameras that the address asks for, in its order; the first of all when it does not say. */
export function chosenOf(cameras: readonly Camera[], asked: unknown, size: WallSize): Camera[] {
  if (typeof asked !== "string") return cameras.slice(0, size);
  const by_id = new Map(cameras.map((camera) => [camera.id, camera]));
  return [...new Set(asked.split(","))].flatMap((id) => by_id.get(id) ?? []).slice(0, size);
}

/** Takes a camera in, or out again. Where there is no room it takes the place of the last. */
export function choose(now: readonly string[], id: string, size: WallSize): string[] {
  if (now.includes(id)) return now.filter((one) => one !== id);
  return [...now.slice(0, size - 1), id];
}

/** Cameras whose name or place has every word asked for. */
export function findCameras(cameras: readonly Camera[], words: string, place: (camera: Camera) => string): Camera[] {
  const parts = words.toLocaleLowerCase().split(/\s+/).filter(Boolean);
  return cameras.filter((camera) => {
    const all = `${camera.title} ${camera.id} ${place(camera)}`.toLocaleLowerCase();
    return parts.every((part) => all.includes(part));
  });
}
