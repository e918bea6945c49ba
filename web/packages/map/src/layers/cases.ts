/** Cases and their clusters, by due state: shape first, colour second. */
import type { FeatureCollection, Point } from "geojson";
import type { Map as MapLibreMap, MapGeoJSONFeature, MapMouseEvent } from "maplibre-gl";
import { type MaybeRefOrGetter, toValue, watch } from "vue";
import { NOTHING, setFeatures, useLayers, useMapContext } from "../context";
import { accentColour, dueColour, type MapTheme, paletteOf } from "../palette";
import { LABEL_FONT } from "../style";
import { drawMarkers } from "../symbols";

/** A point of the map: a case (`case_id`, `no`, `due_state`) or a cluster (`count`, `late`). */
export interface CasePoint {
  readonly case_id?: string | null;
  readonly no?: string | null;
  readonly category?: string | null;
  readonly due_state?: string | null;
  readonly count?: number | null;
  readonly late?: number | null;
}

/** Cases as `GET /map/cases` gives them. */
export type CasePoints = FeatureCollection<Point, CasePoint>;

/** How cases are drawn. */
export interface CaseLayerOptions {
  readonly cases: MaybeRefOrGetter<CasePoints | null | undefined>;
  /** Case number or id of the one drawn as selected. */
  readonly selected?: MaybeRefOrGetter<string | null | undefined>;
  readonly onSelect?: (point: CasePoint) => void;
  /** True while presses belong to another tool, such as one that draws. */
  readonly quiet?: MaybeRefOrGetter<boolean>;
}

/** How far one click on a cluster goes in. */
const CLUSTER_ZOOM_STEP = 2;

/** Whatever names no case is a cluster, even one of a single case. */
const isCluster = ["!", ["get", "single"]] as const;
const isLate = [">", ["coalesce", ["get", "late"], 0], 0] as const;

/** The colour of plain clusters: quiet, so that the late ones speak. */
function clusterColour(theme: MapTheme): string {
  return theme === "dark" ? "#2c4257" : "#33495c";
}

/** Copies what the layers read into flat properties and gives every point its marker. */
export function flatten(points: CasePoints): FeatureCollection {
  return {
    type: "FeatureCollection",
    features: points.features.map(({ geometry, properties }) => ({
      type: "Feature",
      geometry,
      properties: {
        ...properties,
        case_id: properties.case_id ?? "",
        no: properties.no ?? "",
        single: Boolean(properties.case_id || properties.no),
        marker: `due-${properties.due_state ?? "none"}`,
      },
    })),
  };
}

/** Marks on the wall are read from across a room. */
function scale(theme: MapTheme): number {
  return theme === "dark" ? 1.25 : 1;
}

function clusterLayers(theme: MapTheme) {
  const k = scale(theme);
  const radius = ["interpolate", ["linear"], ["sqrt", ["coalesce", ["get", "count"], 1]], 1, 12 * k, 10, 20 * k, 40, 32 * k];
  const late = dueColour("late", theme);
  return [
    {
      id: "cluster",
      type: "circle",
      source: "cases",
      filter: isCluster,
      paint: {
        "circle-radius": radius,
        "circle-color": clusterColour(theme),
        "circle-opacity": 0.9,
        "circle-stroke-width": ["case", isLate, 3, 1.5],
        "circle-stroke-color": ["case", isLate, late, theme === "dark" ? "#0a1016" : "#ffffff"],
      },
    },
    {
      id: "cluster-count",
      type: "symbol",
      source: "cases",
      filter: isCluster,
      layout: {
        "text-field": ["to-string", ["coalesce", ["get", "count"], ""]],
        "text-font": LABEL_FONT,
        "text-size": 12.5 * k,
        "text-allow-overlap": true,
        "text-ignore-placement": true,
      },
      paint: { "text-color": "#ffffff" },
    },
    {
      id: "cluster-late",
      type: "symbol",
      source: "cases",
      filter: ["all", isCluster, isLate],
      layout: {
        "icon-image": "due-late",
        "icon-size": 0.72 * k,
        "icon-offset": [20, -20],
        "icon-allow-overlap": true,
        "icon-ignore-placement": true,
      },
    },
  ];
}

function pointLayers(theme: MapTheme) {
  const order = ["match", ["get", "due_state"], "late", 5, "soon", 4, "ok", 3, "paused", 2, 1];
  return [
    {
      id: "case-selected",
      type: "circle",
      source: "cases",
      filter: ["==", ["get", "no"], "-"],
      paint: {
        "circle-radius": 16,
        "circle-color": accentColour(theme),
        "circle-opacity": 0.18,
        "circle-stroke-color": accentColour(theme),
        "circle-stroke-width": 2.5,
      },
    },
    {
      id: "case",
      type: "symbol",
      source: "cases",
      filter: ["!", isCluster],
      layout: {
        "icon-image": ["get", "marker"],
        "icon-size": ["interpolate", ["linear"], ["zoom"], 10, 0.6 * scale(theme), 14, scale(theme)],
        "icon-allow-overlap": true,
        "icon-ignore-placement": true,
        "symbol-sort-key": order,
      },
    },
    {
      id: "case-no",
      type: "symbol",
      source: "cases",
      minzoom: 16,
      filter: ["!", isCluster],
      layout: {
        "text-field": ["get", "no"],
        "text-font": LABEL_FONT,
        "text-size": 10.5,
        "text-anchor": "top",
        "text-offset": [0, 1.1],
        "text-optional": true,
      },
      paint: { "text-color": paletteOf(theme).regionText, "text-halo-color": paletteOf(theme).halo, "text-halo-width": 1.4 },
    },
  ];
}

/** Draws cases into the map around this component. */
export function useCaseLayer(options: CaseLayerOptions): void {
  const context = useMapContext();
  const { theme, map } = context;
  useLayers(
    context,
    (target) => {
      for (const { id, image, pixelRatio } of drawMarkers(theme.value)) if (!target.hasImage(id)) target.addImage(id, image, { pixelRatio });
      target.addSource("cases", { type: "geojson", data: NOTHING, buffer: 64 });
      return [...clusterLayers(theme.value), ...pointLayers(theme.value)].map((spec) => ({ spec: spec as never }));
    },
    (target) => {
      fill(target);
      const click = (event: MapMouseEvent) => open(target, event);
      const move = (event: MapMouseEvent) => {
        if (toValue(options.quiet)) return;
        target.getCanvas().style.cursor = hit(target, event) ? "pointer" : "";
      };
      target.on("click", click);
      target.on("mousemove", move);
      return () => {
        target.off("click", click);
        target.off("mousemove", move);
      };
    },
  );

  /** The nearest case or cluster within a finger's width. */
  function hit(target: MapLibreMap, { point }: MapMouseEvent): MapGeoJSONFeature | undefined {
    const reach = 10;
    const box: [[number, number], [number, number]] = [
      [point.x - reach, point.y - reach],
      [point.x + reach, point.y + reach],
    ];
    const layers = ["case", "cluster"].filter((id) => target.getLayer(id));
    return layers.length > 0 ? target.queryRenderedFeatures(box, { layers })[0] : undefined;
  }

  function open(target: MapLibreMap, event: MapMouseEvent): void {
    const feature = toValue(options.quiet) ? undefined : hit(target, event);
    if (!feature) return;
    event.preventDefault();
    const point = feature.properties as CasePoint;
    if (!point.case_id && !point.no && feature.geometry.type === "Point") {
      const [lon = 0, lat = 0] = feature.geometry.coordinates;
      target.easeTo({ center: [lon, lat], zoom: target.getZoom() + CLUSTER_ZOOM_STEP });
    } else options.onSelect?.(point);
  }

  function fill(target: MapLibreMap): void {
    const cases = toValue(options.cases);
    setFeatures(target, "cases", cases ? flatten(cases) : NOTHING);
    select(target);
  }

  function select(target: MapLibreMap): void {
    const key = toValue(options.selected) || "-";
    if (target.getLayer("case-selected")) target.setFilter("case-selected", ["any", ["==", ["get", "no"], key], ["==", ["get", "case_id"], key]]);
  }

  watch(
    () => toValue(options.cases),
    () => map.value && fill(map.value),
  );
  watch(
    () => toValue(options.selected),
    () => map.value && select(map.value),
  );
}
