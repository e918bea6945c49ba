/** A short ring where something just happened; stands still for people who asked for less motion. */
import type { Marker } from "maplibre-gl";
import { onScopeDispose } from "vue";
import { useMapContext } from "../context";

/** How long a ring stays, milliseconds; the same as its CSS animation. */
const PULSE_MS = 2_400;

/** Most rings at once: a burst of events must not slow the wall. */
const PULSES_MAX = 24;

/** Returns a function that rings at a point in degrees. */
export function usePulse(): (lon: number, lat: number, late: boolean) => void {
  const { map, engine } = useMapContext();
  const shown = new Set<Marker>();
  const clear = (marker: Marker) => {
    shown.delete(marker);
    marker.remove();
  };
  onScopeDispose(() => shown.forEach(clear));
  return (lon, lat, late) => {
    if (!map.value || !engine.value || shown.size >= PULSES_MAX) return;
    const element = document.createElement("span");
    element.className = late ? "map-pulse map-pulse-late" : "map-pulse";
    element.setAttribute("aria-hidden", "true");
    const marker = new engine.value.Marker({ element }).setLngLat([lon, lat]).addTo(map.value);
    shown.add(marker);
    setTimeout(() => clear(marker), PULSE_MS);
  };
}
