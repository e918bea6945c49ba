// Where this phone is: asked only when a person wants what is near, kept in memory only.
import { ref, shallowRef } from "vue";
import type { Place } from "./query.ts";

/** About ten metres: as near as windows are told apart, and no nearer. */
const DECIMALS = 4;

const TIMEOUT_MS = 10_000;
const AGE_MS = 60_000;

/** The place given on this visit. */
export const place = shallowRef<Place>();
export const locating = ref(false);
export const refusal = ref<"denied" | "failed">();

function ask(): Promise<GeolocationPosition> {
  return new Promise((resolve, reject) => {
    navigator.geolocation.getCurrentPosition(resolve, reject, { enableHighAccuracy: false, timeout: TIMEOUT_MS, maximumAge: AGE_MS });
  });
}

/** Asks the phone; says whether the place is known now, and why not in {@link refusal}. */
export async function locate(): Promise<boolean> {
  locating.value = true;
  refusal.value = undefined;
  try {
    const { coords } = await ask();
    place.value = { lon: Number(coords.longitude.toFixed(DECIMALS)), lat: Number(coords.latitude.toFixed(DECIMALS)) };
    return true;
  } catch (cause) {
    // 1 is PERMISSION_DENIED; a browser without the whole interface throws something else.
    refusal.value = (cause as Partial<GeolocationPositionError>).code === 1 ? "denied" : "failed";
    return false;
  } finally {
    locating.value = false;
  }
}
