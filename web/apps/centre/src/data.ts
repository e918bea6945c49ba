/** What every page of the centre asks: the city and its lists, held once, and the names of things by id. */
import { api, ask, queries, session, type Text } from "@dipper/api";
import { useText } from "@dipper/ui";
import { computed } from "vue";
import type { RegionLevel } from "./types";

/** Lists of the pack change only with the pack: an hour is fresh. */
const PACK_FRESH = { stale_ms: 3_600_000 };

export const useCity = () => queries.use("city", () => ask(api.GET("/api/v1/city")), PACK_FRESH);
export const useCategories = () => queries.use("categories", () => ask(api.GET("/api/v1/categories")), PACK_FRESH);
export const useRegions = () => queries.use("regions", () => ask(api.GET("/api/v1/regions")), PACK_FRESH);
export const useOffices = () => queries.use("offices", () => ask(api.GET("/api/v1/offices")), PACK_FRESH);
export const useProcesses = () => queries.use("processes", () => ask(api.GET("/api/v1/processes")), PACK_FRESH);
export const useDeviceClasses = () => queries.use("device-classes", () => ask(api.GET("/api/v1/device-classes")), PACK_FRESH);
export const useDeviceLabels = () => queries.use("device-labels", () => ask(api.GET("/api/v1/device-labels")), { stale_ms: 30_000 });
export const useQueues = () => queries.use("queues", () => ask(api.GET("/api/v1/queues")), { stale_ms: 10_000 });

/** How many cases are open and how many of them late, of all the caller may read. */
export function useCounts() {
  const count = (name: string, late: true | undefined) =>
    queries.use(`cases/count/${name}`, () => ask(api.GET("/api/v1/cases", { params: { query: { open: true, late, limit: 1 } } })), { stale_ms: 20_000 });
  const [open, late] = [count("open", undefined), count("late", true)];
  return { open: computed(() => open.data.value?.total), late: computed(() => late.data.value?.total) };
}

/** Shapes of the regions of one level; an absent level asks nothing. */
export function useRegionShapes(level: () => RegionLevel | undefined) {
  return queries.use(
    computed(() => (level() ? `region-shapes/${level()}` : undefined)),
    () => ask(api.GET("/api/v1/regions/geojson", { params: { query: { level: level() ?? "city" } } })),
    PACK_FRESH,
  );
}

/** Whether the person signed in holds a permission. */
export function can(permission: string): boolean {
  return session.value?.permissions.includes(permission) ?? false;
}

/** Names by id, in the language of the page; the id itself while a list is on its way. */
export function useNames() {
  const text = useText();
  const [categories, regions, offices, processes, city] = [useCategories(), useRegions(), useOffices(), useProcesses(), useCity()];
  const byId = (list: () => readonly { id: string; title: Text }[] | undefined) => {
    const index = computed(() => new Map((list() ?? []).map(({ id, title }) => [id, title])));
    return (id: string | null | undefined): string => (id ? text(index.value.get(id)) || id : "");
  };
  const states = computed(() => processes.data.value?.flatMap((process) => process.states));
  const actions = computed(() => processes.data.value?.flatMap((process) => process.actions));
  return {
    text,
    category: byId(() => categories.data.value),
    region: byId(() => regions.data.value),
    office: byId(() => offices.data.value),
    stage: byId(() => city.data.value?.stages),
    state: byId(() => states.value),
    action: byId(() => actions.value),
  };
}

/** Names of the questions of actions and forms, and of their choices. */
export function useFieldWords() {
  const text = useText();
  const [processes, categories] = [useProcesses(), useCategories()];
  const asked = computed(() => [
    ...(processes.data.value ?? []).flatMap((process) => process.actions.flatMap((action) => action.fields.map((field) => ({ action: action.id, field })))),
    ...(categories.data.value ?? []).flatMap((category) => (category.form ?? []).map((field) => ({ action: "", field }))),
  ]);
  const find = (id: string, action?: string) => asked.value.find((one) => one.field.id === id && (action === undefined || one.action === action))?.field;
  return {
    /** The question's name; its id while the lists are on their way. */
    title: (id: string): string => text(find(id)?.title) || id,
    /** What kind of answer it takes. */
    type: (id: string): string | undefined => find(id)?.type,
    /** A choice's name, of the given action where several ask the same. */
    option(id: string, value: string, action?: string): string {
      const field = find(id, action) ?? find(id);
      const options = field && "options" in field ? field.options : [];
      return text(options.find((one) => one.id === value)?.title) || value;
    },
  };
}
