// The queue being worked, shared by list and map.
import { api, ask, queries, type Answer, type CaseSummary, type Query } from "@dipper/api";
import { computed, ref } from "vue";

export type Queues = Answer<"list_queues">["items"];

/** What the person chose; absent until they do. */
export const chosen = ref<string>();

/** The queue to begin with: one's own tasks, else the first of one's roles that has any. */
export function firstQueue(queues: Queues): string {
  const own = queues.find(({ id }) => id === "mine");
  if (own && own.count > 0) return own.id;
  return queues.find(({ id, count }) => id.startsWith("role:") && count > 0)?.id ?? own?.id ?? queues[0]?.id ?? "mine";
}

/** The queues of the person, the one in hand, and its tasks. */
export function useTasks(words: () => string = () => "") {
  const queues = queries.use("queues", () => ask(api.GET("/api/v1/queues")), { keep: true });
  const queue = computed(() => chosen.value ?? (queues.data.value ? firstQueue(queues.data.value.items) : undefined));
  const tasks: Query<{ items: CaseSummary[]; next_cursor?: string }> = queries.use(
    () => (queue.value ? `cases/queue/${queue.value}/${words()}` : undefined),
    () => {
      const q = words();
      return ask(api.GET("/api/v1/cases", { params: { query: { queue: queue.value ?? "mine", open: true, sort: "due", limit: 100, ...(q ? { q } : {}) } } }));
    },
    { keep: true, stale_ms: 15_000 },
  );
  return { queues, queue, tasks };
}
