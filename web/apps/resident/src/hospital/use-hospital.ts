// Hospitals, their doctors and times, and one's own visits. What a hospital tells of somebody is never kept on the phone.
import { api, ask, isResident, Problem, queries, type Doctor, type DoctorTimes, type Hospital, type HospitalAgreement, type HospitalVisit, type Query } from "@dipper/api";

const HOUR_MS = 3_600_000;

export function useHospitals(): Query<{ items: Hospital[] }> {
  return queries.use(() => "hospitals", () => ask(api.GET("/api/v1/hospitals")), { keep: true, stale_ms: HOUR_MS });
}

export function useDoctors(id: () => string): Query<{ items: Doctor[] }> {
  return queries.use(() => `hospital/${id()}/doctors`, () => ask(api.GET("/api/v1/hospitals/{id}/doctors", { params: { path: { id: id() } } })), { stale_ms: 60_000 });
}

/** Free times; asked for anew each time, others book too. */
export function useTimes(id: () => string, role: () => string): Query<DoctorTimes> {
  return queries.use(
    () => `hospital/${id()}/times/${role()}`,
    () => ask(api.GET("/api/v1/hospitals/{id}/times", { params: { path: { id: id() }, query: { role: role() } } })),
    { stale_ms: 0 },
  );
}

export function useAgreement(id: () => string): Query<HospitalAgreement> {
  return queries.use(
    () => (isResident.value ? `hospital/${id()}/agreement` : undefined),
    () => ask(api.GET("/api/v1/hospitals/{id}/agreement", { params: { path: { id: id() } } })),
    { stale_ms: 0 },
  );
}

export async function agree(id: string): Promise<void> {
  queries.put(`hospital/${id}/agreement`, await ask(api.PUT("/api/v1/hospitals/{id}/agreement", { params: { path: { id } } })));
}

export async function withdraw(id: string): Promise<void> {
  await ask(api.DELETE("/api/v1/hospitals/{id}/agreement", { params: { path: { id } } }));
  queries.invalidate(`hospital/${id}/agreement`);
  queries.invalidate("hospital-visits");
}

export function useVisits(): Query<{ items: HospitalVisit[] }> {
  return queries.use(() => (isResident.value ? "hospital-visits" : undefined), () => ask(api.GET("/api/v1/hospital-visits")), { stale_ms: 0 });
}

export function useVisit(id: () => string): Query<HospitalVisit> {
  return queries.use(
    () => (isResident.value ? `hospital-visit/${id()}` : undefined),
    () => ask(api.GET("/api/v1/hospital-visits/{id}", { params: { path: { id: id() } } })),
    { stale_ms: 0 },
  );
}

/** Puts a visit on screen as the server answered it. */
function show(visit: HospitalVisit): HospitalVisit {
  queries.put(`hospital-visit/${visit.id}`, visit);
  queries.invalidate("hospital-visits");
  return visit;
}

export async function book(hospital: string, role: string, slot: string): Promise<HospitalVisit> {
  const visit = await ask(api.POST("/api/v1/hospital-visits", { body: { hospital, role, slot } }));
  queries.invalidate(`hospital/${hospital}/times`);
  return show(visit);
}

const at = (id: string) => ({ params: { path: { id } } });

export async function giveBack(id: string): Promise<HospitalVisit> {
  return show(await ask(api.DELETE("/api/v1/hospital-visits/{id}", at(id))));
}

export async function arrive(id: string): Promise<HospitalVisit> {
  return show(await ask(api.POST("/api/v1/hospital-visits/{id}/arrival", at(id))));
}

export async function askDoctor(id: string, number: number, text: string): Promise<HospitalVisit> {
  return show(await ask(api.POST("/api/v1/hospital-visits/{id}/messages", { ...at(id), body: { number, text } })));
}

/** Begins the payment, or goes on with it; the address of the site where it is made. */
export async function payBill(id: string): Promise<string> {
  const { pay_url } = await ask(api.POST("/api/v1/hospital-visits/{id}/payment", at(id)));
  // The page goes there: only ever to a site, whatever the gateway says.
  if (!/^https?:\/\//.test(pay_url)) throw new Problem(0, "payments_away", "the payment's address is not one of the web");
  return pay_url;
}
