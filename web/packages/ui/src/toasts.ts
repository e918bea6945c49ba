// Short confirmations at the foot of the screen. Errors that need an answer belong in the page, not here.
import { shallowRef } from "vue";
import { newKey } from "@dipper/api";

export interface Toast {
  id: string;
  text: string;
  tone: "ok" | "late";
}

export const toasts = shallowRef<Toast[]>([]);

/** Shown long enough to be read twice: 120 ms a character, at least 4 s. */
function lasts_ms(text: string): number {
  return Math.max(4_000, text.length * 120);
}

/** Says something briefly. */
export function toast(text: string, tone: Toast["tone"] = "ok"): void {
  const one: Toast = { id: newKey(), text, tone };
  toasts.value = [...toasts.value.slice(-1), one];
  setTimeout(() => {
    toasts.value = toasts.value.filter((other) => other !== one);
  }, lasts_ms(text));
}
