/** The BeiDou grid over the view, at the level the zoom can show. */
import type { Map as MapLibreMap } from "maplibre-gl";
import { type MaybeRefOrGetter, type Ref, ref, toValue, watch } from "vue";
import type { GridLevel } from "../beidou";
import { FINEST_TILE_ZOOM, NOTHING, setFeatures, useLayers, useMapContext } from "../context";
import { drawGrid } from "../grid";
import { paletteOf } from "../palette";
import { LABEL_FONT, LABELS_BEGIN, OVERLAYS_BEGIN } from "../style";

/** Draws the grid while `shown`; returns the level drawn. */
export function useGridLayer(shown: MaybeRefOrGetter<boolean>, wanted?: MaybeRefOrGetter<GridLevel | undefined>, coded: MaybeRefOrGetter<boolean> = true): Ref<GridLevel> {
  const level = ref<GridLevel>(4);
  const context = useMapContext();
  const { theme, map } = context;
  useLayers(
    context,
    (target) => {
      const palette = paletteOf(theme.value);
      target.addSource("grid", { type: "geojson", data: NOTHING, tolerance: 0, buffer: 0, maxzoom: FINEST_TILE_ZOOM });
      target.addSource("grid-codes", { type: "geojson", data: NOTHING, maxzoom: FINEST_TILE_ZOOM });
      return [
        {
          below: OVERLAYS_BEGIN,
          spec: {
            id: "grid-line",
            type: "line",
            source: "grid",
            paint: {
              "line-color": palette.grid,
              "line-width": ["case", ["get", "major"], 1.4, 0.6],
              "line-opacity": ["case", ["get", "major"], 0.45, 0.32],
            },
          },
        },
        {
          below: LABELS_BEGIN,
          spec: {
            id: "grid-code",
            type: "symbol",
            source: "grid-codes",
            layout: {
              "text-field": ["get", "code"],
              "text-font": LABEL_FONT,
              "text-size": 10,
              "text-anchor": "top-left",
              "text-offset": [0.4, 0.4],
              "text-allow-overlap": false,
            },
            paint: { "text-color": palette.gridText, "text-halo-color": palette.halo, "text-halo-width": 1.2 },
          },
        },
      ];
    },
    (target) => {
      const redraw = () => draw(target);
      redraw();
      target.on("moveend", redraw);
      return () => target.off("moveend", redraw);
    },
  );

  function draw(target: MapLibreMap): void {
    if (!toValue(shown)) {
      setFeatures(target, "grid", NOTHING);
      setFeatures(target, "grid-codes", NOTHING);
      return;
    }
    const [[west, south], [east, north]] = target.getBounds().toArray();
    const drawing = drawGrid([west, south, east, north], target.getZoom(), toValue(wanted));
    level.value = drawing.level;
    setFeatures(target, "grid", drawing.lines);
    setFeatures(target, "grid-codes", toValue(coded) ? drawing.labels : NOTHING);
  }

  watch([() => toValue(shown), () => toValue(wanted), () => toValue(coded)], () => map.value && draw(map.value));
  return level;
}
