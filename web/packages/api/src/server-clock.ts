// The server's time, so that countdowns do not depend on the phone's clock.
import { computed, ref, type ComputedRef } from "vue";

const skew_ms = ref(0);
const tick = ref(Date.now());
let timer: ReturnType<typeof setInterval> | undefined;

/** Notes what the server said its time was. Answers carry whole seconds, so a small difference is kept out. */
export function noteServerTime(text: string | null | undefined, now_ms = Date.now()): void {
  const at = text ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(at)) return;
  const skew = at - now_ms;
  if (Math.abs(skew - skew_ms.value) > 2_000) skew_ms.value = skew;
}

/** The server's time now, milliseconds since 1970. */
export function serverNow(now_ms = Date.now()): number {
  return now_ms + skew_ms.value;
}

/** The server's time as a reactive value that moves every `every_ms`. One timer serves every caller. */
export function useServerNow(every_ms = 15_000): ComputedRef<number> {
  timer ??= setInterval(() => {
    tick.value = Date.now();
  }, every_ms);
  return computed(() => tick.value + skew_ms.value);
}
