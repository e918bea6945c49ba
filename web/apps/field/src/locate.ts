// Where this phone is, with how well it knows.
import { ref, shallowRef } from "vue";

/** A place as the phone tells it. */
export interface Fix {
  readonly lon: number;
  readonly lat: number;
  /** Half of all fixes lie within about this many metres of the truth. */
  readonly accuracy_m: number;
}

/** The place of the phone, asked for when told to. */
export function useFix() {
  const fix = shallowRef<Fix>();
  const busy = ref(false);
  const failed = ref(false);
  function locate(): void {
    busy.value = true;
    failed.value = false;
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => {
        busy.value = false;
        fix.value = { lon: coords.longitude, lat: coords.latitude, accuracy_m: coords.accuracy };
      },
      () => {
        busy.value = false;
        failed.value = true;
      },
      { enableHighAccuracy: true, timeout: 10_000, maximumAge: 5_000 },
    );
  }
  return { fix, busy, failed, locate };
}
