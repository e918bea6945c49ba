// Somebody walked away from a terminal: it asks, counts down, and clears what they left (WCAG 2.2.1: more time by one press).

/** Quiet for this long, seconds: it asks. Reading a page takes less, and scrolling counts. */
export const QUIET_S = 60;
/** And this long it waits for an answer, seconds. WCAG 2.2.1 wants 20 at least. */
export const LEAVING_S = 30;

const SIGNS = ["pointerdown", "keydown", "wheel", "touchmove", "input"] as const;

export interface Idle {
  /** Somebody is there. */
  stay: () => void;
  stop: () => void;
}

/** Watches a page. `tell` hears how many seconds are left, nothing when somebody came back. */
export function watchIdle(page: EventTarget, tell: (seconds?: number) => void, leave: () => void): Idle {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let asking = false;
  const wait = () => {
    clearTimeout(timer);
    timer = setTimeout(() => count(LEAVING_S), QUIET_S * 1000);
  };
  const count = (left: number) => {
    asking = true;
    tell(left);
    if (left === 0) leave();
    else timer = setTimeout(() => count(left - 1), 1000);
  };
  const sign = () => {
    // Once it asks, only the answer counts: a stray touch of who comes next does not keep somebody else signed in.
    if (!asking) wait();
  };
  for (const name of SIGNS) page.addEventListener(name, sign, { passive: true });
  wait();
  return {
    stay: () => {
      asking = false;
      tell(undefined);
      wait();
    },
    stop: () => {
      clearTimeout(timer);
      for (const name of SIGNS) page.removeEventListener(name, sign);
    },
  };
}
