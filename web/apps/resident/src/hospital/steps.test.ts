import type { Doctor, HospitalVisit } from "@dipper/api";
import { describe, expect, it } from "vitest";
import { hospital as en } from "../locales/hospital.en.ts";
import { hospital as zhCN } from "../locales/hospital.zh-CN.ts";
import { departmentsOf, isMoving, standings, stepOf, STEPS, timesByDay } from "./steps.ts";

const JOURNEY = { step: "arrive", bills: [], reports: [], messages: [], may_ask: false } as const;
const visit = (more: Record<string, unknown> = {}, journey: Record<string, unknown> | null = {}) =>
  ({ state: "booked", ...(journey ? { journey: { ...JOURNEY, ...journey } } : {}), ...more }) as unknown as HospitalVisit;

describe("the steps of a visit", () => {
  it.each([
    ["arrive", "done now later later later"],
    ["wait", "done now later later later"],
    ["pay", "done done now later later"],
    ["report", "done done done now later"],
    ["ask", "done done done done now"],
    ["none", "later later later later later"],
  ])("at %s are %s", (step, expected) => {
    expect(standings(visit({}, { step })).map(({ standing }) => standing).join(" ")).toBe(expected);
  });

  it("begin with booking while nobody knows whether it was taken, and are none once given back", () => {
    expect(stepOf(visit({ state: "asked" }, null))).toBe("book");
    expect(stepOf(visit({ state: "cancelled" }))).toBeUndefined();
    expect(stepOf(visit({}, null))).toBeUndefined();
  });

  it("has only the booking done while the hospital says nothing", () => {
    expect(standings(visit({}, null)).map(({ standing }) => standing).join(" ")).toBe("done later later later later");
  });

  it("have names in both languages", () => {
    for (const words of [zhCN.hospital, en.hospital] as Record<string, string>[]) {
      for (const step of STEPS) expect(words[`step_${step}`], step).toBeTruthy();
    }
  });
});

it("is looked at again only while something comes by itself", () => {
  const moving = [visit({}, { step: "wait" }), visit({}, { step: "report" }), visit({}, { step: "pay", bills: [{ state: "telling" }] }), visit({}, { step: "ask", messages: [{ own: true }] })];
  const still = [undefined, visit({}, null), visit(), visit({}, { step: "pay", bills: [{ state: "due" }] }), visit({}, { step: "ask", messages: [{ own: true }, { own: false }] })];
  expect(moving.map(isMoving)).toEqual([true, true, true, true]);
  expect(still.map(isMoving)).toEqual([false, false, false, false, false]);
});

it("groups doctors by department and times by the city's days", () => {
  const doctor = (role: string, department_code: string) => ({ role, name: role, department_code, department: `d${department_code}` }) as Doctor;
  const departments = departmentsOf([doctor("r1", "03"), doctor("r2", "03"), doctor("r3", "04")]);
  expect(departments.map(({ code, doctors }) => [code, doctors.length])).toEqual([["03", 2], ["04", 1]]);
  const times = ["2026-11-26T15:50:00Z", "2026-11-26T16:10:00Z"].map((starts_at) => ({ slot: starts_at, starts_at, ends_at: starts_at }));
  const days = timesByDay({ doctor: doctor("r1", "03"), items: times }, "Asia/Shanghai");
  expect(days.map(({ day, free }) => [day, free])).toEqual([["2026-11-26", 1], ["2026-11-27", 1]]);
});
