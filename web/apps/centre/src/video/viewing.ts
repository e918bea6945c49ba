/** Why somebody watches: asked once, said for each camera, remembered until the page is left. */
import { api, ask, queries, toProblem, type Problem } from "@dipper/api";
import { computed, onScopeDispose, ref, shallowRef, watch } from "vue";
import { can, useCity } from "../data";
import { whileVisible } from "../live";
import type { Camera } from "../types";

/** Lengths of a purpose that the API takes (`begin_viewing`), characters. */
export const PURPOSE_LEAST = 4;
export const PURPOSE_MOST = 200;

/** How often streams are asked how they stand. */
const EVERY_MS = 3_000;

/** The cameras that may be watched, kept up to date. */
export function useCameras() {
  const city = useCity();
  const found = queries.use(
    computed(() => (city.data.value?.has_video && can("camera.view") ? "cameras" : undefined)),
    () => ask(api.GET("/api/v1/cameras")),
    { stale_ms: EVERY_MS },
  );
  whileVisible(() => void found.refresh(), EVERY_MS);
  return found;
}

/** Cameras of which it must still be said why. */
export function unsaid(cameras: readonly Camera[]): Camera[] {
  return cameras.filter((camera) => camera.viewing_until === undefined);
}

/** Says why for the cameras given; once said, also for those that are chosen later. */
export function useViewing(cameras: () => readonly Camera[], refresh: () => Promise<unknown>) {
  const purpose = ref("");
  const said = ref("");
  const problem = shallowRef<Problem>();
  const busy = ref(false);
  let is_over = false;

  async function say(words: string): Promise<void> {
    const ids = unsaid(cameras()).map(({ id }) => id);
    if (busy.value || ids.length === 0) return;
    busy.value = true;
    problem.value = undefined;
    try {
      await ask(api.POST("/api/v1/camera-viewings", { body: { cameras: ids, purpose: words } }));
      said.value = words;
      await refresh();
    } catch (cause) {
      if (!is_over) problem.value = toProblem(cause);
      said.value = "";
    } finally {
      busy.value = false;
    }
  }
  watch(
    () =>
      unsaid(cameras())
        .map(({ id }) => id)
        .join(),
    (ids) => {
      if (ids && said.value) void say(said.value);
    },
  );
  onScopeDispose(() => (is_over = true));
  return { purpose, said, problem, busy, begin: () => say(purpose.value.trim()) };
}
