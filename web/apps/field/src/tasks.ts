// Tasks in the order they should be done.
import type { ActionItemBody, CaseSummary, OutItem } from "@dipper/api";
import { toneNow, type DueTone } from "@dipper/ui";

/** Headings of the list, most pressing first. */
export const PRESSURES = ["late", "soon", "ok", "waiting"] as const;
export type Pressure = (typeof PRESSURES)[number];

const OF_TONE: Record<DueTone, Pressure> = { late: "late", soon: "soon", ok: "ok", none: "ok", paused: "waiting", exempt: "waiting" };

/** Tasks by heading, each sorted by deadline; headings without tasks are left out. */
export function byPressure(cases: readonly CaseSummary[], now_ms: number): { pressure: Pressure; cases: CaseSummary[] }[] {
  const due = (one: CaseSummary) => (one.due_at ? Date.parse(one.due_at) : Number.MAX_SAFE_INTEGER);
  const groups = PRESSURES.map((pressure) => ({
    pressure,
    cases: cases.filter((one) => OF_TONE[toneNow(one.due_at, one.due_state, now_ms)] === pressure).sort((a, b) => due(a) - due(b) || a.no.localeCompare(b.no)),
  }));
  return groups.filter(({ cases: found }) => found.length > 0);
}

/** What of the outbox belongs to a case. */
export function pendingOf(items: readonly OutItem[], case_id: string): OutItem[] {
  return items.filter(({ kind, body }) => kind === "action" && (body as ActionItemBody).case_id === case_id);
}

/** Great-circle distance, metres; mean radius of WGS 84. */
export function distanceM(a: { lon: number; lat: number }, b: { lon: number; lat: number }): number {
  const rad = Math.PI / 180;
  const h = Math.sin(((b.lat - a.lat) * rad) / 2) ** 2 + Math.cos(a.lat * rad) * Math.cos(b.lat * rad) * Math.sin(((b.lon - a.lon) * rad) / 2) ** 2;
  return 2 * 6_371_008.8 * Math.asin(Math.sqrt(h));
}

/** A box of about `reach_m` metres around a place. */
export function around({ lon, lat }: { lon: number; lat: number }, reach_m: number): { west: number; south: number; east: number; north: number } {
  const dy = reach_m / 111_195;
  const dx = dy / Math.max(0.05, Math.cos((lat * Math.PI) / 180));
  return { west: lon - dx, south: lat - dy, east: lon + dx, north: lat + dy };
}
