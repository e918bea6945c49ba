// A licence of one's own. Not kept on the phone: it is sealed where it is, and a phone may be anybody's.
import { api, ask, isResident, queries, type Licence, type LicenceList, type Query } from "@dipper/api";

export function useLicences(): Query<LicenceList> {
  return queries.use(() => (isResident.value ? "licences" : undefined), () => ask(api.GET("/api/v1/licences")), { stale_ms: 0 });
}

export function useLicence(id: () => string): Query<Licence> {
  return queries.use(
    () => (isResident.value ? `licences/${id()}` : undefined),
    () => ask(api.GET("/api/v1/licences/{id}", { params: { path: { id: id() } } })),
    { stale_ms: 0 },
  );
}
