/** Flights, their files, and what has changed between two of them. */
import { api, ask, queries } from "@dipper/api";
import { computed } from "vue";

/** Rows on a page of a list. */
const PAGE_SIZE = 30;

export function useFlights(before: () => string | undefined) {
  const asked = computed(() => ({ limit: PAGE_SIZE, ...(before() ? { before: before() as string } : {}) }));
  return queries.use(
    computed(() => `flights/${JSON.stringify(asked.value)}`),
    () => ask(api.GET("/api/v1/flights", { params: { query: asked.value } })),
    { stale_ms: 10_000 },
  );
}

export function useFlight(id: () => string) {
  return queries.use(
    computed(() => (id() ? `flight/${id()}` : undefined)),
    () => ask(api.GET("/api/v1/flights/{flight}", { params: { path: { flight: id() } } })),
    { stale_ms: 60_000 },
  );
}

/** What the ledger keeps of a flight. */
export function useFlightRecords(id: () => string) {
  return queries.use(
    computed(() => (id() ? `flight-records/${id()}` : undefined)),
    () => ask(api.GET("/api/v1/flights/{flight}/records", { params: { path: { flight: id() }, query: { limit: 20 } } })),
    { stale_ms: 10_000 },
  );
}

/** Other flights over the same ground. */
export function useFlightsOver(id: () => string) {
  return queries.use(
    computed(() => (id() ? `flights-over/${id()}` : undefined)),
    () => ask(api.GET("/api/v1/flights", { params: { query: { over: id(), limit: PAGE_SIZE } } })),
    { stale_ms: 30_000 },
  );
}

/** The flights that are evidence of a case. */
export function useFlightsOfCase(id: () => string) {
  return queries.use(
    computed(() => `flights/case/${id()}`),
    () => ask(api.GET("/api/v1/cases/{case}/flights", { params: { path: { case: id() } } })),
    { stale_ms: 20_000 },
  );
}

export function useFlightChanges(before: () => string, after: () => string) {
  return queries.use(
    computed(() => (before() && after() ? `flight-changes/${before()}/${after()}` : undefined)),
    () => ask(api.GET("/api/v1/flights/{flight}/changes", { params: { path: { flight: after() }, query: { before: before() } } })),
    { stale_ms: 60_000 },
  );
}
