/** Tiles kept up to date: all of them once, then what changes; and the trends of those in sight. */
import { api, ask, toProblem, type Problem } from "@dipper/api";
import { computed, onScopeDispose, ref, shallowReactive, shallowRef, watch, type Ref } from "vue";
import { whileVisible } from "../live";
import { merge, worstFirst, type Held, type Trend } from "./tiles";

/** Which tiles. */
export interface TilesFilter {
  class: string;
  region: string;
  label: string;
  q: string;
}

/** How often what has changed is asked for. */
const EVERY_MS = 5_000;

/** How long a trend is fresh, how many are asked for at once, and how long scrolling settles first. */
const TREND_MS = 60_000;
const TRENDS_MAX = 60;
const SETTLE_MS = 250;

/** The tiles of a filter, the worst first. */
export function useTiles(filter: () => TilesFilter) {
  const held = shallowRef<Held>();
  const problem = shallowRef<Problem>();
  const loading = ref(true);
  let asked = 0;
  let is_busy = false;

  async function refresh(): Promise<void> {
    if (is_busy) return;
    is_busy = true;
    const mine = asked;
    const query = { ...Object.fromEntries(Object.entries(filter()).filter(([, value]) => value !== "")), ...(held.value ? { since: held.value.at } : {}) };
    try {
      const answer = await ask(api.GET("/api/v1/device-tiles", { params: { query } }));
      if (mine === asked) {
        held.value = merge(held.value, answer);
        problem.value = undefined;
      }
    } catch (cause) {
      if (mine === asked) problem.value = toProblem(cause);
    } finally {
      is_busy = false;
      if (mine === asked) loading.value = false;
      else void refresh();
    }
  }
  watch(
    () => JSON.stringify(filter()),
    () => {
      asked += 1;
      held.value = undefined;
      loading.value = true;
      void refresh();
    },
    { immediate: true },
  );
  whileVisible(() => void refresh(), EVERY_MS);
  return { held, problem, loading, refresh, shown: computed(() => (held.value ? worstFirst(held.value) : [])) };
}

/** The trends of devices, asked for when they come into sight and again while they stay there. */
export function useTrends(in_sight: Ref<readonly string[]>) {
  const trends = shallowReactive(new Map<string, Trend>());
  const asked_ms = new Map<string, number>();
  let timer: ReturnType<typeof setTimeout> | undefined;

  async function look(): Promise<void> {
    const now = Date.now();
    const due = in_sight.value.filter((id) => now - (asked_ms.get(id) ?? -TREND_MS) >= TREND_MS);
    for (let at = 0; at < due.length; at += TRENDS_MAX) {
      const some = due.slice(at, at + TRENDS_MAX);
      for (const id of some) asked_ms.set(id, now);
      try {
        const answer = await ask(api.GET("/api/v1/device-trends", { params: { query: { devices: some.join(",") } } }));
        for (const trend of answer.items) trends.set(trend.device, { ...trend, step_seconds: answer.step_seconds });
      } catch {
        // A tile without its line says all that it has to; the next round tries again.
        for (const id of some) asked_ms.delete(id);
        return;
      }
    }
  }
  watch(
    in_sight,
    () => {
      clearTimeout(timer);
      timer = setTimeout(() => void look(), SETTLE_MS);
    },
    { immediate: true },
  );
  whileVisible(() => void look(), TREND_MS / 4);
  onScopeDispose(() => clearTimeout(timer));
  return trends;
}
