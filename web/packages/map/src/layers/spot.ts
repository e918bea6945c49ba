/** The grid page's cells: the chosen one, the one under the pointer, the cell of the level above, and in 3D a column of layers. */
import type { FeatureCollection, Polygon, Position } from "geojson";
import type { Map as MapLibreMap, MapLibreEvent, MapMouseEvent } from "maplibre-gl";
import { type MaybeRefOrGetter, toValue, watch } from "vue";
import type { Bounds } from "../beidou";
import { FINEST_TILE_ZOOM, NOTHING, type PlacedLayer, setFeatures, useLayers, useMapContext } from "../context";
import type { Layer } from "../explorer/stack";
import { accentColour, type MapTheme, paletteOf } from "../palette";
import { OVERLAYS_BEGIN } from "../style";
import type { LonLat } from "./pin";

/** A column of layers over a cell, drawn from `from_m` upwards. */
export interface Column {
  readonly layers: readonly Layer[];
  readonly from_m: number;
}

/** What is drawn and who is told. */
export interface SpotLayerOptions {
  readonly chosen: MaybeRefOrGetter<Bounds | null | undefined>;
  readonly hovered: MaybeRefOrGetter<Bounds | null | undefined>;
  readonly parent: MaybeRefOrGetter<Bounds | null | undefined>;
  /** Null in the plane. */
  readonly column: MaybeRefOrGetter<Column | null | undefined>;
  /** Whether the map is seen from the side. */
  readonly tilted: MaybeRefOrGetter<boolean>;
  readonly onHover: (place: LonLat | null) => void;
  readonly onPick: (place: LonLat) => void;
  /** The person moved the map, by keys or under a finger: this is now at its centre. */
  readonly onCentre: (place: LonLat) => void;
}

/** Seen from here a column shows its top and two sides. */
const TILT = { pitch: 58, bearing: -24 };
const FLAT = { pitch: 0, bearing: 0 };

/** How far below the middle a column's foot stands, as a part of the map's height. */
const FOOT_BELOW = 0.2;

function ring([west, south, east, north]: Bounds): Position[] {
  return [
    [west, south],
    [east, south],
    [east, north],
    [west, north],
    [west, south],
  ];
}

type Role = "chosen" | "hovered" | "parent";

function outlines(cells: readonly (readonly [Role, Bounds | null | undefined])[]): FeatureCollection<Polygon, { role: Role }> {
  return {
    type: "FeatureCollection",
    features: cells.flatMap(([role, bounds]) =>
      bounds ? [{ type: "Feature" as const, properties: { role }, geometry: { type: "Polygon" as const, coordinates: [ring(bounds)] } }] : [],
    ),
  };
}

function column(bounds: Bounds | null | undefined, shown: Column | null | undefined): FeatureCollection {
  if (!bounds || !shown) return NOTHING;
  return {
    type: "FeatureCollection",
    features: shown.layers.map(({ low_m, high_m, step }) => ({
      type: "Feature",
      properties: { own: step === 0, base: Math.max(0, low_m - shown.from_m), top: Math.max(0, high_m - shown.from_m) },
      geometry: { type: "Polygon", coordinates: [ring(bounds)] },
    })),
  };
}

function flatLayers(theme: MapTheme): PlacedLayer[] {
  const [accent, palette] = [accentColour(theme), paletteOf(theme)];
  const chosen = ["==", ["get", "role"], "chosen"];
  return [
    { id: "spot-fill", type: "fill", filter: ["!=", ["get", "role"], "parent"], paint: { "fill-color": accent, "fill-opacity": ["case", chosen, 0.24, 0.12] } },
    { id: "spot-parent", type: "line", filter: ["==", ["get", "role"], "parent"], paint: { "line-color": palette.grid, "line-width": 2, "line-dasharray": [4, 2] } },
    { id: "spot-halo", type: "line", filter: chosen, paint: { "line-color": palette.halo, "line-width": 6 } },
    { id: "spot-line", type: "line", filter: ["!=", ["get", "role"], "parent"], paint: { "line-color": accent, "line-width": ["case", chosen, 3, 1.6] } },
  ].map((spec) => ({ below: OVERLAYS_BEGIN, spec: { ...spec, source: "spot" } as PlacedLayer["spec"] }));
}

function tallLayers(theme: MapTheme): PlacedLayer[] {
  const tall = (id: string, own: boolean, colour: string, opacity: number): PlacedLayer => ({
    spec: {
      id,
      type: "fill-extrusion",
      source: "spot-column",
      filter: ["==", ["get", "own"], own],
      paint: {
        "fill-extrusion-color": colour,
        "fill-extrusion-opacity": opacity,
        "fill-extrusion-base": ["get", "base"],
        "fill-extrusion-height": ["get", "top"],
        "fill-extrusion-vertical-gradient": true,
      },
    } as PlacedLayer["spec"],
  });
  return [tall("spot-own", true, accentColour(theme), 0.92), tall("spot-siblings", false, paletteOf(theme).grid, 0.16)];
}

/** Whether a move was made by hand where the centre is what one points with: a finger, or the arrow keys. */
function pointsWithCentre({ originalEvent }: MapLibreEvent<unknown>): boolean {
  if (originalEvent instanceof KeyboardEvent) return true;
  return originalEvent !== undefined && window.matchMedia("(pointer: coarse)").matches;
}

/** Turns the map to the side and lets it be turned by hand, or puts it flat again. */
function tilt(map: MapLibreMap, tilted: boolean): void {
  if (tilted) {
    map.dragRotate.enable();
    map.touchPitch.enable();
    map.keyboard.enableRotation();
    map.easeTo(TILT);
    return;
  }
  map.dragRotate.disable();
  map.touchPitch.disable();
  map.keyboard.disableRotation();
  if (map.getPitch() !== 0 || map.getBearing() !== 0) map.easeTo(FLAT);
}

function listen(target: MapLibreMap, { onHover, onPick, onCentre }: SpotLayerOptions): () => void {
  const hover = ({ lngLat }: MapMouseEvent) => onHover({ lon: lngLat.wrap().lng, lat: lngLat.lat });
  const leave = () => onHover(null);
  const click = ({ lngLat }: MapMouseEvent) => onPick({ lon: lngLat.wrap().lng, lat: lngLat.lat });
  const move = (event: MapLibreEvent<unknown>) => {
    if (!pointsWithCentre(event)) return;
    const { lng, lat } = target.getCenter().wrap();
    onCentre({ lon: lng, lat });
  };
  // A finger has no hover: its synthetic mouse events would leave a second cell behind.
  const hovers = window.matchMedia("(hover: hover)").matches;
  if (hovers) target.on("mousemove", hover);
  target.on("mouseout", leave);
  target.on("click", click);
  target.on("move", move as never);
  return () => {
    target.off("mousemove", hover);
    target.off("mouseout", leave);
    target.off("click", click);
    target.off("move", move as never);
  };
}

/** Draws the cells of the grid page; returns ways to look at them. */
export function useSpotLayer(options: SpotLayerOptions) {
  const context = useMapContext();
  const { theme, map } = context;
  useLayers(
    context,
    (target) => {
      for (const id of ["spot", "spot-column"]) target.addSource(id, { type: "geojson", data: NOTHING, tolerance: 0, maxzoom: FINEST_TILE_ZOOM });
      return [...flatLayers(theme.value), ...tallLayers(theme.value)];
    },
    (target) => {
      fill(target);
      if (toValue(options.tilted)) tilt(target, true);
      return listen(target, options);
    },
  );

  function fill(target: MapLibreMap): void {
    const chosen = toValue(options.chosen);
    const cells = [["parent", toValue(options.parent)], ["hovered", toValue(options.hovered)], ["chosen", chosen]] as const;
    setFeatures(target, "spot", outlines(cells));
    setFeatures(target, "spot-column", column(chosen, toValue(options.column)));
  }

  watch([() => toValue(options.chosen), () => toValue(options.hovered), () => toValue(options.parent), () => toValue(options.column)], () => map.value && fill(map.value));
  watch(
    () => toValue(options.tilted),
    (tilted) => map.value && tilt(map.value, tilted),
  );
  return {
    /** The place under the cross. */
    centre(): LonLat | null {
      const at = map.value?.getCenter().wrap();
      return at ? { lon: at.lng, lat: at.lat } : null;
    },
    /** Moves to a place at a zoom, nearer or farther. */
    look({ lon, lat }: LonLat, zoom?: number): void {
      const target = map.value;
      if (!target) return;
      const tilted = toValue(options.tilted);
      // The foot of a column stands below the middle, so that its top is in view; under a finger the middle is the place.
      const lowered = tilted && !window.matchMedia("(pointer: coarse)").matches;
      const offset: [number, number] = [0, lowered ? target.getCanvas().clientHeight * FOOT_BELOW : 0];
      target.easeTo({ center: [lon, lat], offset, ...(tilted ? TILT : FLAT), ...(zoom === undefined ? {} : { zoom }) });
    },
    /** Turns the map by a quarter of a right angle. */
    turn(): void {
      if (map.value) map.value.easeTo({ bearing: map.value.getBearing() + 22.5 });
    },
  };
}
