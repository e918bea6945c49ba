/** Jurisdictions: outlines, names, and an optional shade by a number. */
import type { Feature, FeatureCollection, MultiPolygon, Point, Polygon, Position } from "geojson";
import type { Map as MapLibreMap, MapLayerMouseEvent } from "maplibre-gl";
import { type MaybeRefOrGetter, toValue, watch } from "vue";
import { NOTHING, setFeatures, useLayers, useMapContext } from "../context";
import { accentColour, paletteOf } from "../palette";
import { LABEL_FONT, LABELS_BEGIN, OVERLAYS_BEGIN } from "../style";

/** A name in several languages. */
export type Title = Readonly<Record<string, string>>;

/** What a region feature carries. */
export interface RegionProperties {
  readonly id: string;
  readonly title: Title;
  readonly level: string;
}

/** Regions as the API gives them. */
export type Regions = FeatureCollection<Polygon | MultiPolygon, RegionProperties>;

/** How regions are drawn. */
export interface RegionLayerOptions {
  readonly regions: MaybeRefOrGetter<Regions | null | undefined>;
  /** 0 to 1 by region id: how strongly it is shaded. */
  readonly shade?: MaybeRefOrGetter<Readonly<Record<string, number>> | undefined>;
  readonly selected?: MaybeRefOrGetter<string | null | undefined>;
  /** Called when a region is clicked; without it regions let clicks through. */
  readonly onSelect?: (id: string) => void;
}

function ringArea(ring: readonly Position[]): number {
  let twice = 0;
  for (let at = 0; at + 1 < ring.length; at += 1) {
    const [[x1 = 0, y1 = 0] = [], [x2 = 0, y2 = 0] = []] = [ring[at], ring[at + 1]];
    twice += x1 * y2 - x2 * y1;
  }
  return twice / 2;
}

/** The centre of gravity of a ring. */
function ringCentre(ring: readonly Position[]): Position {
  const area = ringArea(ring);
  let [x, y] = [0, 0];
  for (let at = 0; at + 1 < ring.length; at += 1) {
    const [[x1 = 0, y1 = 0] = [], [x2 = 0, y2 = 0] = []] = [ring[at], ring[at + 1]];
    const cross = x1 * y2 - x2 * y1;
    x += (x1 + x2) * cross;
    y += (y1 + y2) * cross;
  }
  return area === 0 ? (ring[0] ?? [0, 0]) : [x / (6 * area), y / (6 * area)];
}

/** Where a region's name stands: the centre of its largest polygon. */
export function labelPoint(geometry: Polygon | MultiPolygon): Position {
  const polygons = geometry.type === "Polygon" ? [geometry.coordinates] : geometry.coordinates;
  const rings = polygons.flatMap(([outer]) => (outer ? [outer] : []));
  const largest = rings.reduce<Position[]>((best, ring) => (Math.abs(ringArea(ring)) > Math.abs(ringArea(best)) ? ring : best), []);
  return ringCentre(largest);
}

function names(regions: Regions, locale: string): FeatureCollection<Point, { name: string; level: string }> {
  const language = locale.startsWith("en") ? "en" : "zh-CN";
  return {
    type: "FeatureCollection",
    features: regions.features.map(({ geometry, properties: { title, level } }): Feature<Point, { name: string; level: string }> => ({
      type: "Feature",
      properties: { name: title[language] ?? Object.values(title)[0] ?? "", level },
      geometry: { type: "Point", coordinates: labelPoint(geometry) },
    })),
  };
}

function shaded(regions: Regions, shade: Readonly<Record<string, number>>): FeatureCollection {
  return {
    type: "FeatureCollection",
    features: regions.features.map(({ geometry, properties: { id } }) => ({
      type: "Feature",
      properties: { id, shade: shade[id] ?? 0 },
      geometry,
    })),
  };
}

const BY_LEVEL = (city: number, district: number, street: number, other: number): unknown => [
  "match",
  ["get", "level"],
  "city",
  city,
  "district",
  district,
  "street",
  street,
  other,
];

/** Draws regions into the map around this component. */
export function useRegionLayer(options: RegionLayerOptions): void {
  const context = useMapContext();
  const { theme, locale, map } = context;
  useLayers(
    context,
    (target) => {
      const palette = paletteOf(theme.value);
      target.addSource("regions", { type: "geojson", data: NOTHING, tolerance: 0.4, promoteId: "id" });
      target.addSource("region-names", { type: "geojson", data: NOTHING });
      const accent = accentColour(theme.value);
      return [
        {
          below: OVERLAYS_BEGIN,
          spec: {
            id: "region-fill",
            type: "fill",
            source: "regions",
            paint: { "fill-color": accent, "fill-opacity": ["*", 0.45, ["coalesce", ["get", "shade"], 0]] },
          },
        },
        {
          below: OVERLAYS_BEGIN,
          spec: {
            id: "region-line",
            type: "line",
            source: "regions",
            layout: { "line-join": "round" },
            paint: {
              "line-color": palette.region,
              "line-width": ["interpolate", ["linear"], ["zoom"], 9, 0.8, 15, 2],
              "line-dasharray": [3, 2],
              "line-opacity": 0.85,
            },
          },
        },
        {
          below: OVERLAYS_BEGIN,
          spec: {
            id: "region-selected",
            type: "line",
            source: "regions",
            filter: ["==", ["get", "id"], ""],
            paint: { "line-color": accent, "line-width": 3 },
          },
        },
        {
          below: LABELS_BEGIN,
          spec: {
            id: "region-name",
            type: "symbol",
            source: "region-names",
            layout: {
              "text-field": ["get", "name"],
              "text-font": LABEL_FONT,
              "text-size": BY_LEVEL(16, 15, 12.5, 11) as number,
              "text-letter-spacing": 0.12,
              "text-padding": 6,
            },
            paint: { "text-color": palette.regionText, "text-halo-color": palette.halo, "text-halo-width": 1.6 },
          },
        },
      ];
    },
    (target) => {
      fill(target);
      if (!options.onSelect) return () => undefined;
      const select = options.onSelect;
      const click = (event: MapLayerMouseEvent) => {
        const id: unknown = event.features?.[0]?.properties["id"];
        if (typeof id === "string" && !event.defaultPrevented) select(id);
      };
      target.on("click", "region-fill", click);
      return () => target.off("click", "region-fill", click);
    },
  );

  function fill(target: MapLibreMap): void {
    const regions = toValue(options.regions);
    setFeatures(target, "regions", regions ? shaded(regions, toValue(options.shade) ?? {}) : NOTHING);
    setFeatures(target, "region-names", regions ? names(regions, locale.value) : NOTHING);
    select(target);
  }

  function select(target: MapLibreMap): void {
    if (target.getLayer("region-selected")) target.setFilter("region-selected", ["==", ["get", "id"], toValue(options.selected) ?? ""]);
  }

  watch([() => toValue(options.regions), () => toValue(options.shade), locale], () => map.value && fill(map.value));
  watch(
    () => toValue(options.selected),
    () => map.value && select(map.value),
  );
}
