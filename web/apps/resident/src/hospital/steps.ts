// The journey as steps: what is done, what is to be done now, what comes later.
import type { Doctor, DoctorTimes, HospitalJourney, HospitalVisit } from "@dipper/api";
import type { SlotDay } from "../visits/days.ts";
import { daysOf } from "../visits/days.ts";

export const STEPS = ["book", "queue", "pay", "report", "ask"] as const;
export type Step = (typeof STEPS)[number];
export type Standing = "done" | "now" | "later";

const NOW: Record<HospitalJourney["step"], Step | undefined> = { arrive: "queue", wait: "queue", pay: "pay", report: "report", ask: "ask", none: undefined };

/** The step that a visit is at; none once it was given back, or while its hospital says nothing. */
export function stepOf(visit: HospitalVisit): Step | undefined {
  if (visit.state === "asked") return "book";
  if (visit.state !== "booked" || !visit.journey) return undefined;
  return NOW[visit.journey.step];
}

export function standings(visit: HospitalVisit): { step: Step; standing: Standing }[] {
  const now = stepOf(visit);
  // A hospital that says nothing has taken the booking all the same; how far it is since, nobody knows.
  const reached = now ? STEPS.indexOf(now) : visit.state === "booked" && !visit.journey ? 0.5 : -1;
  return STEPS.map((step, at) => ({ step, standing: at === reached ? "now" : at < reached ? "done" : "later" }));
}

/** Whether the hospital will say something new by itself soon: it is looked at again, seldom, since every look is written down. */
export function isMoving(visit: HospitalVisit | undefined): boolean {
  const journey = visit?.journey;
  if (!journey) return false;
  const paying = journey.bills.some(({ state }) => state === "paying" || state === "telling");
  return journey.step === "wait" || journey.step === "report" || paying || journey.messages.at(-1)?.own === true;
}

export interface Department {
  code: string;
  title: string;
  doctors: Doctor[];
}

/** Doctors by department, in the hospital's order. */
export function departmentsOf(doctors: readonly Doctor[]): Department[] {
  const departments = new Map<string, Department>();
  for (const doctor of doctors) {
    const { department_code: code, department: title } = doctor;
    const department = departments.get(code) ?? { code, title, doctors: [] };
    department.doctors.push(doctor);
    departments.set(code, department);
  }
  return [...departments.values()];
}

/** Free times by day, as windows have them. */
export function timesByDay(times: DoctorTimes, zone: string | undefined): SlotDay[] {
  return daysOf(times.items.map(({ starts_at, ends_at }) => ({ starts_at, ends_at, free: 1 })), zone);
}
