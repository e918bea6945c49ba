// Live changes (Server-Sent Events): what the server says has changed is asked for again.
import { ref, type Ref } from "vue";
import type { components } from "./generated.ts";
import { queries, type QueryClient } from "./query.ts";

/** A change of a case, as `GET /api/v1/stream` tells it. */
export type CaseChange = components["schemas"]["StreamCase"];

type StreamHello = components["schemas"]["StreamHello"];

export interface Stream {
  /** Whether changes arrive now. */
  live: Ref<boolean>;
  /** Hears every change; returns how to stop hearing. */
  onCase: (hear: (change: CaseChange) => void) => () => void;
  close: () => void;
}

/** Lists asked again at most this often, however fast changes come. */
const LISTS_EVERY_MS = 3_000;

/** Opens the stream and keeps the query layer up to date with it. */
export function openStream(client: QueryClient = queries, open: (url: string) => EventSource = (url) => new EventSource(url)): Stream {
  const live = ref(false);
  const hearers = new Set<(change: CaseChange) => void>();
  const source = open("/api/v1/stream");
  let timer: ReturnType<typeof setTimeout> | undefined;
  const lists = () => {
    timer ??= setTimeout(() => {
      timer = undefined;
      for (const key of ["cases", "queues", "reports", "public", "messages"]) client.invalidate(key);
    }, LISTS_EVERY_MS);
  };
  source.addEventListener("hello", (event) => {
    live.value = true;
    // Too much happened while nobody listened: what is on screen is asked for as a whole.
    if ((JSON.parse((event as MessageEvent<string>).data) as StreamHello).missed) client.refreshAll();
  });
  source.addEventListener("open", () => {
    live.value = true;
  });
  source.addEventListener("error", () => {
    live.value = false;
  });
  source.addEventListener("case", (event) => {
    const change = JSON.parse((event as MessageEvent<string>).data) as CaseChange;
    client.invalidate(`case/${change.case_id}`);
    client.invalidate(`case/${change.case_no}`);
    client.invalidate(`report/${change.case_no}`);
    for (const hear of hearers) hear(change);
    lists();
  });
  return {
    live,
    onCase: (hear) => {
      hearers.add(hear);
      return () => hearers.delete(hear);
    },
    close: () => {
      clearTimeout(timer);
      source.close();
      live.value = false;
    },
  };
}
