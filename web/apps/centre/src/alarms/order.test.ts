import { expect, it } from "vitest";
import type { Alarm, AlarmSeverity } from "../types";
import { byUrgency, isWaiting, newlyCritical, shelvedUntil } from "./order";

const alarm = (id: string, severity: AlarmSeverity, raised_at: string, more: Partial<Alarm> = {}): Alarm => ({
  id,
  rule: "r",
  title: {},
  device: "d",
  device_title: "D",
  severity,
  is_silence: false,
  is_quiet: false,
  since: raised_at,
  raised_at,
  ...more,
});

it("the worst alarm comes first, and among equals the latest", () => {
  const alarms = [
    alarm("a", "minor", "2026-11-27T10:00:00Z"),
    alarm("b", "critical", "2026-11-27T08:00:00Z"),
    alarm("c", "info", "2026-11-27T11:00:00Z"),
    alarm("d", "critical", "2026-11-27T09:00:00+08:00"),
    alarm("e", "major", "2026-11-27T07:00:00Z"),
  ];
  expect(byUrgency(alarms).map(({ id }) => id)).toEqual(["b", "d", "e", "a", "c"]);
});

it("alarms of one instant have one order", () => {
  const at = "2026-11-27T10:00:00Z";
  const [a, b] = [alarm("a", "major", at), alarm("b", "major", at)];
  expect(byUrgency([a, b])).toEqual(byUrgency([b, a]));
});

it("waits until somebody takes note, puts it aside, or it clears", () => {
  const at = "2026-11-27T10:00:00Z";
  expect(isWaiting(alarm("a", "major", at))).toBe(true);
  expect(isWaiting(alarm("a", "major", at, { acknowledged_at: at }))).toBe(false);
  expect(isWaiting(alarm("a", "major", at, { is_quiet: true }))).toBe(false);
  expect(isWaiting(alarm("a", "major", at, { cleared_at: at }))).toBe(false);
});

it("news are critical alarms not seen before that wait", () => {
  const at = "2026-11-27T10:00:00Z";
  const alarms = [alarm("a", "critical", at), alarm("b", "critical", at), alarm("c", "major", at), alarm("d", "critical", at, { is_quiet: true })];
  expect(newlyCritical(new Set(["a"]), alarms).map(({ id }) => id)).toEqual(["b"]);
});

it("is put aside from now on, across midnight too", () => {
  expect(shelvedUntil(15, Date.parse("2026-11-27T23:50:00Z"))).toBe("2026-11-28T00:05:00.000Z");
});
