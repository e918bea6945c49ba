/** Inspections, their runs and answers, asked for once by whoever shows them. */
import { api, ask, queries } from "@dipper/api";
import { computed } from "vue";

/** Rows on a page of a list. */
const PAGE_SIZE = 30;

export const useInspections = () => queries.use("inspections", () => ask(api.GET("/api/v1/inspections")), { stale_ms: 20_000 });

export function useInspection(id: () => string) {
  return queries.use(
    computed(() => (id() ? `inspection/${id()}` : undefined)),
    () => ask(api.GET("/api/v1/inspections/{inspection}", { params: { path: { inspection: id() } } })),
    { stale_ms: 10_000 },
  );
}

export function useRuns(inspection: () => string, before: () => string | undefined) {
  const asked = computed(() => ({ limit: PAGE_SIZE, ...(inspection() ? { inspection: inspection() } : {}), ...(before() ? { before: before() as string } : {}) }));
  return queries.use(
    computed(() => `inspection-runs/${JSON.stringify(asked.value)}`),
    () => ask(api.GET("/api/v1/inspection-runs", { params: { query: asked.value } })),
    { stale_ms: 10_000 },
  );
}

export function useRun(id: () => string) {
  return queries.use(
    computed(() => (id() ? `inspection-run/${id()}` : undefined)),
    () => ask(api.GET("/api/v1/inspection-runs/{run}", { params: { path: { run: id() } } })),
    { stale_ms: 10_000 },
  );
}

/** What the ledger keeps of a run. */
export function useRunRecords(id: () => string) {
  return queries.use(
    computed(() => (id() ? `inspection-records/${id()}` : undefined)),
    () => ask(api.GET("/api/v1/inspection-runs/{run}/records", { params: { path: { run: id() }, query: { limit: 20 } } })),
    { stale_ms: 10_000 },
  );
}

/** The newest faults of any inspection. */
export function useFaults(before: () => string | undefined) {
  const asked = computed(() => ({ faults: true, limit: PAGE_SIZE, ...(before() ? { before: before() as string } : {}) }));
  return queries.use(
    computed(() => `inspection-faults/${JSON.stringify(asked.value)}`),
    () => ask(api.GET("/api/v1/inspection-answers", { params: { query: asked.value } })),
    { stale_ms: 10_000 },
  );
}

/** The answers that opened a case or joined it. */
export function useAnswersOfCase(id: () => string) {
  return queries.use(
    computed(() => `inspection-answers/case/${id()}`),
    () => ask(api.GET("/api/v1/inspection-answers", { params: { query: { case: id(), limit: 20 } } })),
    { stale_ms: 20_000 },
  );
}

/** The newest answers of one check, for its pictures. */
export function useAnswersOfCheck(inspection: () => string, check: () => string) {
  return queries.use(
    computed(() => (check() ? `inspection-answers/check/${inspection()}/${check()}` : undefined)),
    () => ask(api.GET("/api/v1/inspection-answers", { params: { query: { inspection: inspection(), check: check(), limit: 20 } } })),
    { stale_ms: 5_000 },
  );
}
