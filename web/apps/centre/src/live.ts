/** The one stream of changes of this page: opened with the first listener, closed at sign-out. */
import { openStream, type CaseChange, type Stream } from "@dipper/api";
import { computed, onScopeDispose, ref, shallowRef } from "vue";

/** A change as the feed shows it. */
export interface LiveChange extends CaseChange {
  /** When this page heard of it, milliseconds. */
  readonly heard_ms: number;
}

/** How many changes the feed remembers. */
const REMEMBERED = 60;

const stream = shallowRef<Stream>();
const recent = ref<LiveChange[]>([]);

/** Opens the stream unless it is open. */
export function startLive(): void {
  if (stream.value) return;
  const opened = openStream();
  opened.onCase((change) => {
    recent.value = [{ ...change, heard_ms: Date.now() }, ...recent.value].slice(0, REMEMBERED);
  });
  stream.value = opened;
}

/** Closes the stream and forgets what it said. */
export function stopLive(): void {
  stream.value?.close();
  stream.value = undefined;
  recent.value = [];
}

/** Whether changes arrive, the latest ones, and a way to hear each. */
export function useLive() {
  startLive();
  return {
    live: computed(() => stream.value?.live.value ?? false),
    recent: computed(() => recent.value),
    /** Hears every change for as long as the calling component lives. */
    onChange(hear: (change: CaseChange) => void): void {
      const stop = stream.value?.onCase(hear);
      if (stop) onScopeDispose(stop);
    },
  };
}

/** Calls `act` at most once in `every_ms`, the last call included. */
export function throttled(act: () => void, every_ms: number): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let last = 0;
  onScopeDispose(() => clearTimeout(timer));
  return () => {
    if (timer) return;
    const wait = Math.max(0, last + every_ms - Date.now());
    timer = setTimeout(() => {
      timer = undefined;
      last = Date.now();
      act();
    }, wait);
  };
}

/** Calls `act` every `every_ms` while the page is in sight, for as long as the calling component lives; at once when it comes back into sight. */
export function whileVisible(act: () => void, every_ms: number): void {
  let last = Date.now();
  const run = () => {
    if (document.visibilityState !== "visible" || Date.now() - last < every_ms * 0.9) return;
    last = Date.now();
    act();
  };
  const timer = setInterval(run, every_ms);
  document.addEventListener("visibilitychange", run);
  onScopeDispose(() => {
    clearInterval(timer);
    document.removeEventListener("visibilitychange", run);
  });
}
