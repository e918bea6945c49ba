// The visit of an application: booking it, giving it back, and what the pages show of it meanwhile.
import { api, ask, queries, type Query, type ReportView, type ServiceGuide, type SlotList, type Visit } from "@dipper/api";

const HOUR_MS = 3_600_000;

/** The guide of a service, which says at which windows times can be booked. */
export function useGuide(service: () => string | undefined): Query<ServiceGuide> {
  return queries.use(
    () => (service() ? `service/${service()}` : undefined),
    () => ask(api.GET("/api/v1/services/{id}", { params: { path: { id: service() ?? "" } } })),
    { keep: true, stale_ms: HOUR_MS },
  );
}

/** Times at a window; asked for anew each time, others book too. */
export function useSlots(service: () => string | undefined, place: () => string | undefined): Query<SlotList> {
  return queries.use(
    () => (service() && place() ? `slots/${service()}/${place()}` : undefined),
    () => ask(api.GET("/api/v1/services/{id}/slots", { params: { path: { id: service() ?? "" }, query: { place: place() ?? "" } } })),
    { stale_ms: 0 },
  );
}

/** Puts the visit into the application on screen, and lets both be asked for again. */
function show(report: ReportView, visit: Visit): void {
  queries.put(`report/${report.case_no}`, { ...report, visit });
  queries.invalidate(`report/${report.case_no}`);
  queries.invalidate("slots");
}

export async function bookVisit(report: ReportView, place: string, starts_at: string): Promise<void> {
  show(report, await ask(api.PUT("/api/v1/reports/{case_no}/visit", { params: { path: { case_no: report.case_no } }, body: { place, starts_at } })));
}

/** At a terminal in the hall of the office: draws the number of the day. */
export async function arriveHere(report: ReportView): Promise<void> {
  show(report, await ask(api.POST("/api/v1/reports/{case_no}/visit/arrival", { params: { path: { case_no: report.case_no } } })));
}

export async function cancelVisit(report: ReportView): Promise<void> {
  show(report, await ask(api.DELETE("/api/v1/reports/{case_no}/visit", { params: { path: { case_no: report.case_no } } })));
}
