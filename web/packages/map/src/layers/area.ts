/** An area on the map: drawn corner by corner, then shown. */
import type { Feature, FeatureCollection } from "geojson";
import type { Map as MapLibreMap, MapMouseEvent } from "maplibre-gl";
import { type MaybeRefOrGetter, ref, toValue, watch } from "vue";
import { type Area, circleRing, CORNERS_LEAST } from "../area";
import { NOTHING, type PlacedLayer, setFeatures, useLayers, useMapContext } from "../context";
import { accentColour, type MapTheme, paletteOf } from "../palette";
import type { LonLat } from "./pin";

/** What is drawn and who is told. */
export interface AreaLayerOptions {
  readonly area: MaybeRefOrGetter<Area | null | undefined>;
  /** Whether presses on the map draw. */
  readonly drawing: MaybeRefOrGetter<boolean>;
  readonly onPoint: (place: LonLat) => void;
  /** The first corner was pressed again, or the map twice at one place. */
  readonly onFinish: () => void;
}

/** A press this near to the first corner closes the polygon. */
const CLOSE_PX = 14;

function shape(area: Area | null | undefined, pointer: LonLat | null): FeatureCollection {
  if (!area) return NOTHING;
  if (area.kind === "circle") {
    const { lon, lat } = area.centre;
    return {
      type: "FeatureCollection",
      features: [
        { type: "Feature", properties: {}, geometry: { type: "Polygon", coordinates: [circleRing(area.centre, area.radius_m)] } },
        { type: "Feature", properties: { corner: "centre" }, geometry: { type: "Point", coordinates: [lon, lat] } },
      ],
    };
  }
  const corners = area.corners.map(({ lon, lat }) => [lon, lat]);
  const line = pointer ? [...corners, [pointer.lon, pointer.lat]] : corners;
  const [first] = line;
  const features: Feature[] = corners.map((coordinates, at) => ({ type: "Feature", properties: { corner: at === 0 ? "first" : "next" }, geometry: { type: "Point", coordinates } }));
  if (first && line.length >= CORNERS_LEAST) features.unshift({ type: "Feature", properties: {}, geometry: { type: "Polygon", coordinates: [[...line, first]] } });
  else if (line.length > 1) features.unshift({ type: "Feature", properties: {}, geometry: { type: "LineString", coordinates: line } });
  return { type: "FeatureCollection", features };
}

function layers(theme: MapTheme): PlacedLayer[] {
  const [accent, { halo }] = [accentColour(theme), paletteOf(theme)];
  const flat = ["!", ["has", "corner"]];
  const filled = ["==", ["geometry-type"], "Polygon"];
  return [
    { id: "area-fill", type: "fill", filter: filled, paint: { "fill-color": accent, "fill-opacity": 0.1 } },
    { id: "area-halo", type: "line", filter: flat, paint: { "line-color": halo, "line-width": 6 } },
    { id: "area-line", type: "line", filter: flat, paint: { "line-color": accent, "line-width": 2.5 } },
    {
      id: "area-corner",
      type: "circle",
      filter: ["has", "corner"],
      paint: { "circle-radius": ["match", ["get", "corner"], "first", 7, 5], "circle-color": "#ffffff", "circle-stroke-color": accent, "circle-stroke-width": 2.5 },
    },
  ].map((spec) => ({ spec: { ...spec, source: "area" } as PlacedLayer["spec"] }));
}

/** A crosshair while drawing, and no zooming by the second press of two. */
function arm(target: MapLibreMap, drawing: boolean): void {
  target.getCanvas().style.cursor = drawing ? "crosshair" : "";
  if (drawing) target.doubleClickZoom.disable();
  else target.doubleClickZoom.enable();
}

/** Whether a press is on the first corner of what could be closed. */
function closes(target: MapLibreMap, area: Area | null | undefined, { point }: MapMouseEvent): boolean {
  const first = area?.kind === "polygon" && area.corners.length >= CORNERS_LEAST ? area.corners[0] : undefined;
  return first !== undefined && target.project([first.lon, first.lat]).dist(point) <= CLOSE_PX;
}

function listen(target: MapLibreMap, options: AreaLayerOptions, onPointer: (place: LonLat | null) => void): () => void {
  const drawing = () => toValue(options.drawing);
  const click = (event: MapMouseEvent) => {
    // The second press of a double one is the finish, not another corner.
    if (!drawing() || event.originalEvent.detail > 1) return;
    if (closes(target, toValue(options.area), event)) options.onFinish();
    else options.onPoint({ lon: event.lngLat.lng, lat: event.lngLat.lat });
  };
  const twice = () => drawing() && options.onFinish();
  const move = ({ lngLat: { lng, lat } }: MapMouseEvent) => drawing() && onPointer({ lon: lng, lat });
  const leave = () => onPointer(null);
  target.on("click", click);
  target.on("dblclick", twice);
  target.on("mousemove", move);
  target.on("mouseout", leave);
  return () => {
    target.off("click", click);
    target.off("dblclick", twice);
    target.off("mousemove", move);
    target.off("mouseout", leave);
  };
}

/** Draws an area and hears where the next corner is wanted. */
export function useAreaLayer(options: AreaLayerOptions) {
  const context = useMapContext();
  const { map, theme } = context;
  const drawing = () => toValue(options.drawing);
  /** Where the pointer is while a polygon is drawn: the side to come follows it. */
  const pointer = ref<LonLat | null>(null);
  useLayers(
    context,
    (target) => {
      target.addSource("area", { type: "geojson", data: NOTHING, tolerance: 0 });
      return layers(theme.value);
    },
    (target) => {
      fill(target);
      arm(target, drawing());
      const stop = listen(target, options, (place) => (pointer.value = place));
      return () => {
        stop();
        arm(target, false);
      };
    },
  );

  function fill(target: MapLibreMap): void {
    setFeatures(target, "area", shape(toValue(options.area), drawing() ? pointer.value : null));
  }

  watch([() => toValue(options.area), pointer], () => map.value && fill(map.value));
  watch(drawing, (now) => {
    pointer.value = null;
    if (!map.value) return;
    arm(map.value, now);
    fill(map.value);
  });
  return {
    /** The place under the cross. */
    centre(): LonLat | null {
      const at = map.value?.getCenter();
      return at ? { lon: at.lng, lat: at.lat } : null;
    },
  };
}
