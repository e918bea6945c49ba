/** How layers reach the map they are drawn on: `<CityMap>` provides it, the layer composables take it. */
import type { GeoJSONSource, LayerSpecification, Map as MapLibreMap } from "maplibre-gl";
import { inject, type InjectionKey, onScopeDispose, type Ref, type ShallowRef, watch } from "vue";
import type { FeatureCollection } from "geojson";
import type { Engine } from "./engine";
import type { MapTheme } from "./palette";

/** What a layer knows of its map. */
export interface MapContext {
  /** The map once its style is in; null before, and again while a new theme's style is read. */
  readonly map: Readonly<ShallowRef<MapLibreMap | null>>;
  /** The module, once fetched. */
  readonly engine: Readonly<ShallowRef<Engine | null>>;
  readonly theme: Readonly<Ref<MapTheme>>;
  readonly locale: Readonly<Ref<string>>;
}

/** Under which `<CityMap>` provides itself. */
export const MAP_CONTEXT: InjectionKey<MapContext> = Symbol("city map");

/** The map this component stands in. */
export function useMapContext(): MapContext {
  const context = inject(MAP_CONTEXT, null);
  if (!context) throw new Error("map layers must stand inside <CityMap>");
  return context;
}

/**
 * Tiles of drawn features are cut down to this zoom. At MapLibre's usual 18 a vertex is rounded to 1.6 cm, which is
 * a whole cell of level 10; here to 0.25 mm.
 */
export const FINEST_TILE_ZOOM = 24;

/** Nothing to draw. */
export const NOTHING: FeatureCollection = { type: "FeatureCollection", features: [] };

/** Gives a GeoJSON source new features. */
export function setFeatures(map: MapLibreMap, source: string, features: FeatureCollection): void {
  const found = map.getSource<GeoJSONSource>(source);
  if (found) void found.setData(features);
}

/** A layer and the layer it goes below. */
export interface PlacedLayer {
  readonly spec: LayerSpecification;
  readonly below?: string;
}

/**
 * Adds layers now and after every change of style, and takes them away with the component.
 * `mount` adds sources and returns the layers; `ready` runs once they are in and returns how to undo it.
 */
export function useLayers(context: MapContext, mount: (map: MapLibreMap) => PlacedLayer[], ready?: (map: MapLibreMap) => () => void): void {
  let undo: (() => void) | undefined;
  let layers: PlacedLayer[] = [];
  const stop = watch(
    context.map,
    (map) => {
      undo?.();
      undo = undefined;
      if (!map) return;
      layers = mount(map);
      for (const { spec, below } of layers) if (!map.getLayer(spec.id)) map.addLayer(spec, below);
      undo = ready?.(map);
    },
    { immediate: true },
  );
  onScopeDispose(() => {
    stop();
    undo?.();
    const map = context.map.value;
    if (!map) return;
    for (const { spec } of layers) if (map.getLayer(spec.id)) map.removeLayer(spec.id);
    const sources = new Set(layers.flatMap(({ spec }) => ("source" in spec && typeof spec.source === "string" ? [spec.source] : [])));
    for (const source of sources) if (map.getSource(source)) map.removeSource(source);
  });
}
