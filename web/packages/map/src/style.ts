/**
 * The base map's style from a pack's layers. No glyph server and no sprite: without `glyphs` MapLibre draws every
 * letter from the device's own fonts, Chinese and Latin alike.
 */
import type { ExpressionSpecification, LayerSpecification, SourceSpecification, StyleSpecification } from "maplibre-gl";
import { type MapTheme, type Palette, paletteOf } from "./palette";

/** A layer of the pack's base map, as `GET /city` lists it. */
export interface BasemapLayer {
  readonly id: string;
  readonly kind: string;
  readonly url: string;
}

/** What a style is made from. */
export interface StyleOptions {
  readonly basemap: readonly BasemapLayer[];
  readonly theme: MapTheme;
  /** BCP 47; English names are used for `en`. */
  readonly locale: string;
}

/** Fonts for labels: the device's own, Chinese first. */
export const LABEL_FONT = ["PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", "WenQuanYi Micro Hei", "sans-serif"];

/** Layers of regions, grid and cases go below this one, so that names stay readable. */
export const LABELS_BEGIN = "labels-begin";

/** Regions and grid go below this one: above the ground, below streets' names. */
export const OVERLAYS_BEGIN = "overlays-begin";

/** Streets of first rank, whatever word a pack uses. */
const MAJOR_ROADS = ["motorway", "expressway", "ring", "ring_road", "trunk", "arterial", "primary"];

/** Streets of second rank. */
const MIDDLE_ROADS = ["secondary", "tertiary", "collector", "bridge"];

type Expression = readonly unknown[];

const roadClass: Expression = ["coalesce", ["get", "class"], ["get", "kind"], ""];

function isRoad(classes: readonly string[]): Expression {
  return ["in", roadClass, ["literal", classes]];
}

/** The name to show: English ones for `en`, with the Chinese name as the way out, and the other way round. */
export function nameExpression(locale: string): ExpressionSpecification {
  const english = locale.startsWith("en");
  return ["coalesce", ["get", english ? "name_en" : "name"], ["get", english ? "name" : "name_en"], ""];
}

function zoomed(...stops: readonly (readonly [zoom: number, width: number])[]): Expression {
  return ["interpolate", ["exponential", 1.5], ["zoom"], ...stops.flat()];
}

/** Layers are written as plain data; the cast is where they become MapLibre's types. */
function layer(spec: object): LayerSpecification {
  return spec as LayerSpecification;
}

function groundLayers(source: string, kind: string, palette: Palette): LayerSpecification[] {
  const polygons: Expression = ["==", ["geometry-type"], "Polygon"];
  const lines: Expression = ["==", ["geometry-type"], "LineString"];
  if (kind === "water") {
    return [
      layer({
        id: `${source}-fill`,
        type: "fill",
        source,
        filter: polygons,
        paint: { "fill-color": palette.water, "fill-outline-color": palette.waterEdge },
      }),
      layer({
        id: `${source}-line`,
        type: "line",
        source,
        filter: lines,
        layout: { "line-cap": "round", "line-join": "round" },
        paint: { "line-color": palette.water, "line-width": zoomed([10, 1], [14, 4], [18, 18]) },
      }),
    ];
  }
  if (kind === "green") {
    return [layer({ id: `${source}-fill`, type: "fill", source, filter: polygons, paint: { "fill-color": palette.green } })];
  }
  return [
    layer({
      id: `${source}-fill`,
      type: "fill",
      source,
      filter: polygons,
      minzoom: 13.5,
      paint: {
        "fill-color": palette.building,
        "fill-outline-color": palette.buildingEdge,
        "fill-opacity": ["interpolate", ["linear"], ["zoom"], 13.5, 0, 14.5, 1],
      },
    }),
  ];
}

function roadLayers(source: string, palette: Palette): LayerSpecification[] {
  const ranks = [
    {
      rank: "minor",
      filter: ["!", isRoad([...MAJOR_ROADS, ...MIDDLE_ROADS])],
      minzoom: 12.5,
      fill: palette.road,
      width: [
        [12.5, 0.4],
        [15, 3],
        [18, 14],
      ],
    },
    {
      rank: "middle",
      filter: isRoad(MIDDLE_ROADS),
      minzoom: 10.5,
      fill: palette.road,
      width: [
        [10.5, 0.6],
        [14, 4],
        [18, 22],
      ],
    },
    {
      rank: "major",
      filter: isRoad(MAJOR_ROADS),
      minzoom: 0,
      fill: palette.roadMajor,
      width: [
        [8, 0.6],
        [11, 1.8],
        [14, 6],
        [18, 30],
      ],
    },
  ] as const;
  const round = { "line-cap": "round", "line-join": "round" };
  const casings = ranks.map(({ rank, filter, minzoom, width }) =>
    layer({
      id: `${source}-${rank}-casing`,
      type: "line",
      source,
      filter,
      minzoom: Math.max(minzoom, 11),
      layout: round,
      paint: { "line-color": palette.roadCasing, "line-width": zoomed(...width.map(([zoom, px]) => [zoom, px + 1.4] as const)) },
    }),
  );
  const fills = ranks.map(({ rank, filter, minzoom, fill, width }) =>
    layer({
      id: `${source}-${rank}`,
      type: "line",
      source,
      filter,
      minzoom,
      layout: round,
      paint: { "line-color": fill, "line-width": zoomed(...width) },
    }),
  );
  return [...casings, ...fills];
}

function labelLayers(source: string, kind: string, palette: Palette, locale: string): LayerSpecification[] {
  const text = { "text-field": nameExpression(locale), "text-font": LABEL_FONT, "text-max-width": 8 };
  const halo = { "text-halo-color": palette.halo, "text-halo-width": 1.4 };
  if (kind === "road") {
    return [
      layer({
        id: `${source}-name`,
        type: "symbol",
        source,
        minzoom: 13,
        filter: ["has", "name"],
        layout: {
          ...text,
          "symbol-placement": "line",
          "symbol-spacing": 420,
          "text-size": ["interpolate", ["linear"], ["zoom"], 13, 10.5, 17, 13],
          "text-letter-spacing": 0.06,
        },
        paint: { ...halo, "text-color": palette.roadText },
      }),
    ];
  }
  if (kind === "place") return placeLayers(source, palette, text, halo);
  if (kind !== "water" && kind !== "green") return [];
  const colour = kind === "water" ? palette.waterText : palette.greenText;
  // Pocket parks would drown a whole city in names: they wait for the street view.
  const large: Expression = ["any", [">=", ["zoom"], 13], ["!", ["in", ["get", "class"], ["literal", ["park", "garden", "stream"]]]]];
  const common = { type: "symbol", source, filter: ["all", ["has", "name"], large], paint: { ...halo, "text-color": colour } };
  return [
    layer({
      ...common,
      id: `${source}-name`,
      minzoom: 11,
      layout: { ...text, "text-size": 11.5, "symbol-spacing": 500, "text-letter-spacing": 0.12 },
    }),
  ];
}

/** Places appear by rank: landmarks from afar, schools and markets in the street. Unranked ones count as 3. */
const rankShown: Expression = ["<=", ["coalesce", ["get", "rank"], 3], ["step", ["zoom"], 1, 12, 2, 13.5, 3, 15, 4]];

function placeLayers(source: string, palette: Palette, text: object, halo: object): LayerSpecification[] {
  return [
    layer({
      id: `${source}-dot`,
      type: "circle",
      source,
      minzoom: 12,
      filter: rankShown,
      paint: {
        "circle-radius": ["interpolate", ["linear"], ["zoom"], 14, 2, 17, 3.5],
        "circle-color": palette.placeText,
        "circle-opacity": 0.65,
      },
    }),
    layer({
      id: `${source}-name`,
      type: "symbol",
      source,
      minzoom: 11,
      filter: rankShown,
      layout: {
        ...text,
        "symbol-sort-key": ["coalesce", ["get", "rank"], 3],
        "text-size": ["match", ["get", "rank"], 1, 12.5, 11.5],
        "text-anchor": "top",
        "text-offset": [0, 0.5],
        "text-optional": true,
      },
      paint: { ...halo, "text-color": palette.placeText },
    }),
  ];
}

/** Draws ground before streets before names, whatever order the pack lists its layers in. */
export function cityStyle({ basemap, theme, locale }: StyleOptions): StyleSpecification {
  const palette = paletteOf(theme);
  const sources: Record<string, SourceSpecification> = {};
  const source = (id: string): string => `base-${id}`;
  // A coarse tile pyramid: fewer, larger tiles cost slow phones less than many small ones.
  for (const { id, url } of basemap) sources[source(id)] = { type: "geojson", data: url, maxzoom: 14, tolerance: 0.5, buffer: 32 };
  const of = (...kinds: string[]) => basemap.filter(({ kind }) => kinds.includes(kind));
  const ground = [...of("green"), ...of("water"), ...of("building")];
  const anchor = (id: string) => layer({ id, type: "background", layout: { visibility: "none" } });
  return {
    version: 8,
    sources,
    layers: [
      layer({ id: "land", type: "background", paint: { "background-color": palette.land } }),
      ...ground.flatMap(({ id, kind }) => groundLayers(source(id), kind, palette)),
      ...of("road", "bridge").flatMap(({ id }) => roadLayers(source(id), palette)),
      anchor(OVERLAYS_BEGIN),
      ...of("water", "green", "road", "place").flatMap(({ id, kind }) => labelLayers(source(id), kind, palette, locale)),
      anchor(LABELS_BEGIN),
    ],
  };
}

/** Names of the label layers of a style, to change their language in place. */
export function labelLayerIds(style: StyleSpecification): string[] {
  return style.layers.filter(({ id }) => id.startsWith("base-") && id.endsWith("-name")).map(({ id }) => id);
}
