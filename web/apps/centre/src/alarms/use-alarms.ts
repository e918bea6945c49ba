/** Open alarms, asked for once by whoever shows them, and what is done with one. */
import { api, ask, queries, serverNow } from "@dipper/api";
import { computed } from "vue";
import type { Alarm } from "../types";
import { isWaiting, shelvedUntil } from "./order";

/** Pages of open alarms that are asked for: beyond a thousand nobody reads on, and the list says so. */
const PAGES_MAX = 5;
const PAGE_SIZE = 200;

/** What is open, and whether there is more than was asked for. */
export interface OpenAlarms {
  readonly items: readonly Alarm[];
  readonly more: boolean;
}

async function fetchOpen(label: string, group: string): Promise<OpenAlarms> {
  const items: Alarm[] = [];
  let before: string | undefined;
  for (let page = 0; page < PAGES_MAX; page++) {
    const answer = await ask(api.GET("/api/v1/alarms", { params: { query: { open: true, limit: PAGE_SIZE, ...(label ? { label } : {}), ...(group ? { group } : {}), ...(before ? { before } : {}) } } }));
    items.push(...answer.items);
    before = answer.next;
    if (!before) return { items, more: false };
  }
  return { items, more: true };
}

/** Every open alarm, those of devices with a label, or those that were told together; without permission nothing is asked. */
export function useOpenAlarms(may: () => boolean = () => true, label: () => string = () => "", group: () => string = () => "") {
  const open = queries.use(
    computed(() => (may() ? ["alarms/open", label(), group() && `group:${group()}`].filter(Boolean).join("/") : undefined)),
    () => fetchOpen(label(), group()),
    { stale_ms: 4_000 },
  );
  return { open, waiting: computed(() => open.data.value?.items.filter(isWaiting).length ?? 0) };
}

/** What may be done with an open alarm. */
export type AlarmDeed = { readonly deed: "acknowledge" | "clear" } | { readonly deed: "shelve"; readonly minutes: number };

/** Does something with an alarm; every list of alarms is asked for again. */
export async function actOn(alarm: Alarm, deed: AlarmDeed): Promise<void> {
  const body = deed.deed === "shelve" ? { deed: deed.deed, until: shelvedUntil(deed.minutes, serverNow()) } : { deed: deed.deed };
  try {
    await ask(api.POST("/api/v1/alarms/{alarm}/deeds", { params: { path: { alarm: alarm.id } }, body }));
  } finally {
    queries.invalidate("alarms");
  }
}
