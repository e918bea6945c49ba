/**
 * The one place that names MapLibre at run time. It is a separate chunk, fetched when the first map is shown, so that
 * no page pays for it before it is needed.
 */
import type * as MapLibre from "maplibre-gl";

/** MapLibre's module. */
export type Engine = typeof MapLibre;

let engine: Promise<Engine> | undefined;

async function fetchEngine(): Promise<Engine> {
  const [module, worker] = await Promise.all([
    import("maplibre-gl"),
    import("maplibre-gl/dist/maplibre-gl-worker.mjs?worker&url"),
    import("maplibre-gl/dist/maplibre-gl.css"),
  ]);
  // Bundled, MapLibre cannot find its own worker file and would draw nothing at all.
  module.setWorkerUrl(worker.default);
  // One worker: a city's base map is a few megabytes, and phones have better uses for their cores.
  module.setWorkerCount(1);
  return module;
}

/** Fetches MapLibre once; a failed fetch (offline) may be tried again. */
export function loadEngine(): Promise<Engine> {
  engine ??= fetchEngine().catch((reason: unknown) => {
    engine = undefined;
    throw reason;
  });
  return engine;
}

/** Whether this device can draw the map at all. */
export function canDraw(): boolean {
  try {
    const canvas = document.createElement("canvas");
    return canvas.getContext("webgl2") !== null;
  } catch {
    return false;
  }
}
