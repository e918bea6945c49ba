// Services that fit a query, from the query layer.
import { api, ask, queries, type Query, type ServiceList } from "@dipper/api";
import { computed, shallowRef, watch } from "vue";
import { callsOf, isAsking, type Place, type ServiceQuery } from "./query.ts";

async function search(query: ServiceQuery, place: Place | undefined): Promise<ServiceList> {
  const answers = await Promise.all(callsOf(query, place).map((asked) => ask(api.GET("/api/v1/services", { params: { query: asked } }))));
  return { items: answers.flatMap(({ items }) => items), total: answers[0]?.total ?? 0 };
}

/** The list for a query. The last list stays until the next is here, so that typing does not make the page flicker. */
export function useServices(query: () => ServiceQuery, place: () => Place | undefined): Query<ServiceList> {
  const key = () => (isAsking(query()) ? `services/${JSON.stringify(callsOf(query(), place()))}` : undefined);
  // No second try by itself: by then the words may be others, and "try again" is at hand.
  const found = queries.use(key, () => search(query(), place()), { retries: 0 });
  const last = shallowRef<ServiceList>();
  watch([found.data, () => isAsking(query())], ([data, asking]) => {
    if (!asking) last.value = undefined;
    else if (data) last.value = data;
  }, { immediate: true });
  const data = computed(() => found.data.value ?? (found.problem.value ? undefined : last.value));
  return { ...found, data, loading: computed(() => found.loading.value && data.value === undefined) };
}
