// Looking again while something is under way elsewhere: often, but not for ever.
import { onScopeDispose, ref, watch, type Ref } from "vue";

export const LOOK_EVERY_MS = 2_000;
export const LOOK_FOR_MS = 60_000;

export interface Poll {
  /** Looked for as long as is sensible; a person may ask for more. */
  over: Ref<boolean>;
  again: () => void;
}

/** Looks every {@link LOOK_EVERY_MS} while `waits`, for at most {@link LOOK_FOR_MS} from its beginning or from `again`. */
export function usePoll(waits: () => boolean, look: () => Promise<unknown>): Poll {
  const over = ref(false);
  let timer: ReturnType<typeof setTimeout> | undefined;
  /** Counts beginnings: an answer of an earlier one begins nothing more. */
  let round = 0;

  function stop(): void {
    clearTimeout(timer);
    round += 1;
  }

  function later(mine: number, until_ms: number): void {
    timer = setTimeout(async () => {
      await look();
      if (mine !== round || !waits()) return;
      if (Date.now() < until_ms) later(mine, until_ms);
      else over.value = true;
    }, LOOK_EVERY_MS);
  }

  function again(): void {
    stop();
    over.value = false;
    if (waits()) later(round, Date.now() + LOOK_FOR_MS);
  }

  watch(waits, (now) => (now ? again() : stop()), { immediate: true });
  onScopeDispose(stop);
  return { over, again };
}
