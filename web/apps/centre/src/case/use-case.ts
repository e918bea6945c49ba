/** One case and its history, by id or number. */
import { api, ask, queries, type CaseView } from "@dipper/api";
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

/** Whether a case is about a place; an application is about a person. */
export function isPlaced(view: CaseView): boolean {
  return view.lon != null || Boolean(view.address) || !view.service;
}

/** The photos that stand open on the case. Those of an application belong to its sealed answers and are shown with them. */
export function workPhotos(view: CaseView): CaseView["evidence"] {
  return view.service ? view.evidence.filter(({ purpose }) => purpose !== "report") : view.evidence;
}
