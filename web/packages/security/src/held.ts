// How somebody may sign in, as last told. Signing in once more forgets every answer; what is shown must outlive that.
import { api, ask, queries, session, type components, type Query } from "@dipper/api";
import { shallowRef, watch, type ShallowRef } from "vue";

type Security = components["schemas"]["Security"];

/** Asked for while `wanted`; `held` stays until it is not. */
export function useSecurity(wanted: () => boolean): { query: Query<Security>; held: ShallowRef<Security | undefined> } {
  const query = queries.use(() => (wanted() && session.value?.party ? "security" : undefined), () => ask(api.GET("/api/v1/security")), { stale_ms: 0 });
  const held = shallowRef<Security>();
  watch(
    () => [wanted(), query.data.value] as const,
    ([isWanted, data]) => (held.value = isWanted ? (data ?? held.value) : undefined),
    { immediate: true },
  );
  return { query, held };
}
