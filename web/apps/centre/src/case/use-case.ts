/** One case and its history, by id or number. */
import { api, ask, queries } from "@dipper/api";
import { computed, toValue, type MaybeRefOrGetter } from "vue";

/** The case; asked again when the stream says it changed. */
export function useCase(id: MaybeRefOrGetter<string | null | undefined>) {
  return queries.use(
    computed(() => (toValue(id) ? `case/${toValue(id)}` : undefined)),
    () => ask(api.GET("/api/v1/cases/{id}", { params: { path: { id: toValue(id) ?? "" } } })),
    { stale_ms: 15_000 },
  );
}

/** Its whole history. The key lies below the case's, so that one invalidation reaches both. */
export function useCaseEvents(id: MaybeRefOrGetter<string | null | undefined>) {
  return queries.use(
    computed(() => (toValue(id) ? `case/${toValue(id)}/events` : undefined)),
    () => ask(api.GET("/api/v1/cases/{id}/events", { params: { path: { id: toValue(id) ?? "" } } })),
    { stale_ms: 15_000 },
  );
}
