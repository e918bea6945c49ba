/** The pages one has come through, for lists that only know the next one. */
import { computed, ref } from "vue";

/** A way through pages; `next` is what the page shown names as its next. */
export function useCursors(next: () => string | undefined) {
  const passed = ref<string[]>([]);
  return {
    /** Where the page shown begins; nothing for the first. */
    at: computed(() => passed.value.at(-1)),
    /** How many pages lie before it. */
    before: computed(() => passed.value.length),
    turn(by: 1 | -1): void {
      const on = next();
      if (by === 1 && on) passed.value = [...passed.value, on];
      if (by === -1) passed.value = passed.value.slice(0, -1);
    },
    reset(): void {
      passed.value = [];
    },
  };
}
