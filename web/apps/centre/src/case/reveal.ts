// What is sealed opens for a stated purpose, stays on screen for a while, and belongs to one case alone.
import { toProblem, type Problem } from "@dipper/api";
import { nextTick, onScopeDispose, ref, watch, type Ref } from "vue";

/** Length of a purpose that the API takes (`get_case_contact`, `get_case_application`), characters. */
export const PURPOSE_LEAST = 4;

/** Until when and on what ground the person may not know of the look. */
export interface Sealing {
  /** A day, `YYYY-MM-DD`. */
  until: string;
  ground: string;
}

/** What a look says about itself, as the API takes it. */
export function lookQuery(purpose: string, sealing: Sealing | undefined): { purpose: string; sealed_until?: string; ground?: string } {
  return sealing ? { purpose, sealed_until: sealing.until, ground: sealing.ground } : { purpose };
}

export interface Reveal<Found> {
  asking: Ref<boolean>;
  purpose: Ref<string>;
  sealing: Ref<Sealing | undefined>;
  found: Ref<Found | undefined>;
  problem: Ref<Problem | undefined>;
  busy: Ref<boolean>;
  hide: () => void;
  /** Begins the time on screen again. */
  stay: () => void;
  prompt: () => Promise<void>;
  /** True when it is on screen; never when the case was left meanwhile. */
  open: () => Promise<boolean>;
}

/**
 * @param id the case on screen; what was opened of another is dropped, also when it comes late
 * @param shown_ms how long it stays without `stay`
 * @param box where the purpose is written
 */
export function useReveal<Found>(
  id: () => string,
  look: (id: string, purpose: string, sealing?: Sealing) => Promise<Found>,
  shown_ms: number,
  box?: Readonly<Ref<HTMLElement | null>>,
): Reveal<Found> {
  const asking = ref(false);
  const purpose = ref("");
  const sealing = ref<Sealing>();
  const found = ref<Found>() as Ref<Found | undefined>;
  const problem = ref<Problem>();
  const busy = ref(false);
  let timer: ReturnType<typeof setTimeout> | undefined;
  let asked = 0;

  function hide(): void {
    asked += 1;
    clearTimeout(timer);
    found.value = undefined;
    asking.value = false;
    busy.value = false;
    problem.value = undefined;
    purpose.value = "";
    sealing.value = undefined;
  }

  function stay(): void {
    clearTimeout(timer);
    timer = setTimeout(hide, shown_ms);
  }

  async function prompt(): Promise<void> {
    asking.value = true;
    await nextTick();
    box?.value?.focus();
  }

  async function open(): Promise<boolean> {
    const turn = (asked += 1);
    busy.value = true;
    problem.value = undefined;
    try {
      const opened = await look(id(), purpose.value.trim(), sealing.value);
      if (turn !== asked) return false;
      found.value = opened;
      asking.value = false;
      stay();
      return true;
    } catch (cause) {
      if (turn === asked) problem.value = toProblem(cause);
      return false;
    } finally {
      if (turn === asked) busy.value = false;
    }
  }

  watch(id, hide, { flush: "sync" });
  onScopeDispose(hide);
  return { asking, purpose, sealing, found, problem, busy, hide, stay, prompt, open };
}
