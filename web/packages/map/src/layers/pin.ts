/** The place being chosen: a pin that can be dragged, or moved by clicking the map. */
import type { Map as MapLibreMap, MapMouseEvent, Marker } from "maplibre-gl";
import { type MaybeRefOrGetter, onScopeDispose, toValue, watch } from "vue";
import { useMapContext } from "../context";
import { accentColour } from "../palette";

/** A place in degrees. */
export interface LonLat {
  readonly lon: number;
  readonly lat: number;
}

/** Six decimals are 0.1 m: finer than any finger. */
function rounded(degrees: number): number {
  return Math.round(degrees * 1e6) / 1e6;
}

/** Shows a pin; with `onMove` it can be moved. */
export function usePin(place: MaybeRefOrGetter<LonLat | null | undefined>, onMove?: (place: LonLat) => void): void {
  const { map, engine, theme } = useMapContext();
  let marker: Marker | undefined;

  function pin(target: MapLibreMap): void {
    const at = toValue(place);
    if (!at || !engine.value) {
      marker?.remove();
      marker = undefined;
      return;
    }
    if (!marker) {
      marker = new engine.value.Marker({ color: accentColour(theme.value), draggable: onMove !== undefined });
      marker.on("dragend", () => {
        const dragged = marker?.getLngLat();
        if (dragged) onMove?.({ lon: rounded(dragged.lng), lat: rounded(dragged.lat) });
      });
      marker.setLngLat([at.lon, at.lat]).addTo(target);
    } else marker.setLngLat([at.lon, at.lat]);
  }

  const click = ({ lngLat }: MapMouseEvent) => onMove?.({ lon: rounded(lngLat.lng), lat: rounded(lngLat.lat) });
  watch(
    map,
    (target, before) => {
      before?.off("click", click);
      marker?.remove();
      marker = undefined;
      if (!target) return;
      if (onMove) target.on("click", click);
      pin(target);
    },
    { immediate: true },
  );
  watch(
    () => toValue(place),
    () => map.value && pin(map.value),
  );
  onScopeDispose(() => {
    map.value?.off("click", click);
    marker?.remove();
  });
}
