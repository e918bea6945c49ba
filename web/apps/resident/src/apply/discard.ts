// Throwing a draft away, after a second press.
import { queries, toProblem, type Problem } from "@dipper/api";
import { ref, shallowRef, type Ref, type ShallowRef } from "vue";
import type { Filling } from "./filling.ts";

interface Discard {
  /** The second press is asked for. */
  sure: Ref<boolean>;
  busy: Ref<boolean>;
  problem: ShallowRef<Problem | undefined>;
  /** Says whether it is gone. */
  discard: () => Promise<boolean>;
}

export function useDiscard(filling: () => Filling | undefined): Discard {
  const [sure, busy, problem] = [ref(false), ref(false), shallowRef<Problem>()];
  const discard = async () => {
    busy.value = true;
    problem.value = undefined;
    try {
      await filling()?.discard();
      queries.invalidate("drafts");
      sure.value = false;
      return true;
    } catch (cause) {
      problem.value = toProblem(cause);
      return false;
    } finally {
      busy.value = false;
    }
  };
  return { sure, busy, problem, discard };
}
