/** Notices of alarms: what was told together, asked for once by whoever shows it, and what is done with it. */
import { api, ask, queries } from "@dipper/api";
import { computed } from "vue";
import type { AlarmGroup } from "../types";

/** Which groups are listed. */
export type NoticeTab = "mine" | "open" | "all";

const PAGE_SIZE = 50;

/** Groups of a tab from a page on; without permission nothing is asked. */
export function useNotices(tab: () => NoticeTab, before: () => string | undefined = () => undefined, may: () => boolean = () => true) {
  return queries.use(
    computed(() => (may() ? `alarm-notices/list/${tab()}/${before() ?? ""}` : undefined)),
    () => {
      const at = before();
      const which = tab() === "mine" ? { mine: true } : tab() === "open" ? { open: true } : {};
      return ask(api.GET("/api/v1/alarm-notices", { params: { query: { limit: PAGE_SIZE, ...which, ...(at ? { before: at } : {}) } } }));
    },
    { stale_ms: 4_000 },
  );
}

/** A group with everything that was told of it; nothing is asked without an id. */
export function useNotice(id: () => string | undefined) {
  return queries.use(
    computed(() => (id() ? `alarm-notices/one/${id()}` : undefined)),
    () => ask(api.GET("/api/v1/alarm-notices/{group}", { params: { path: { group: id() ?? "" } } })),
    { stale_ms: 4_000 },
  );
}

/** Looks at what one was told, or takes note of it; every list of notices, and of alarms, is asked for again. */
export async function actOnNotice(id: string, deed: "read" | "acknowledge"): Promise<void> {
  try {
    await ask(api.POST("/api/v1/alarm-notices/{group}/deeds", { params: { path: { group: id } }, body: { deed } }));
  } finally {
    queries.invalidate("alarm-notices");
    if (deed === "acknowledge") queries.invalidate("alarms");
  }
}

/** What a group is about: its rule, or its class of devices, or whatever else its alarms have in common. */
export function aboutOf(group: AlarmGroup): AlarmGroup["route"]["title"] {
  const of = (what: string) => group.labels.find((label) => label.what === what && label.id !== "*")?.title;
  return of("rule") ?? of("class") ?? group.route.title;
}

/** Where a group is: its region, then what its devices hang on, then the device. */
export function placesOf(group: AlarmGroup): AlarmGroup["route"]["title"][] {
  return ["region", "parent", "device"].flatMap((what) => group.labels.filter((label) => label.what === what && label.id !== "*").map(({ title }) => title));
}
