// How the cards make their changes: through the panel, which asks for the person where it must.
import { toProblem, type Problem } from "@dipper/api";
import { inject, ref, shallowRef, type InjectionKey, type Ref, type ShallowRef } from "vue";

export type Change = () => Promise<void>;
export const CHANGE: InjectionKey<(change: Change) => Promise<boolean>> = Symbol("change");

interface Changes {
  busy: Ref<boolean>;
  problem: ShallowRef<Problem | undefined>;
  /** Makes a change; true when it was made. */
  make: (change: Change) => Promise<boolean>;
}

/** Changes of one card, one at a time. */
export function useChanges(): Changes {
  const change = inject(CHANGE);
  const busy = ref(false);
  const problem = shallowRef<Problem>();
  async function make(one: Change): Promise<boolean> {
    if (!change || busy.value) return false;
    busy.value = true;
    problem.value = undefined;
    try {
      return await change(one);
    } catch (cause) {
      problem.value = toProblem(cause);
      return false;
    } finally {
      busy.value = false;
    }
  }
  return { busy, problem, make };
}
