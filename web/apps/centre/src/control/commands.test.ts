import { expect, it } from "vitest";
import type { DeviceCommand, Scene } from "../types";
import { bySoonest, confirmable, countdown, isDue, newlyConfirmable, pendingOf, stepsOf } from "./commands";

const command = (more: Partial<DeviceCommand>): DeviceCommand => ({
  id: "c",
  device: "lamp-1",
  device_title: "Lamp",
  command: "dim",
  title: {},
  arguments: [],
  is_dangerous: false,
  reason: "r",
  is_of_scene: false,
  state: "queued",
  asked_at: "T1",
  sendings: 0,
  expires_at: "T9",
  may: [],
  ...more,
});
const steps = (more: Partial<DeviceCommand>) => stepsOf(command(more)).map(({ word, at }) => `${word} ${at ?? "-"}`);

it("shows what it has come to and what is to come", () => {
  expect(steps({})).toEqual(["asked T1", "received -", "done -"]);
  expect(steps({ state: "unconfirmed", is_dangerous: true })).toEqual(["asked T1", "confirmed -", "received -", "done -"]);
  expect(steps({ state: "received", received_at: "T2" })).toEqual(["asked T1", "received T2", "done -"]);
  expect(steps({ state: "done", received_at: "T2", ended_at: "T3" })).toEqual(["asked T1", "received T2", "done T3"]);
});

it("one that ended early has no steps after that", () => {
  expect(steps({ state: "withdrawn", is_dangerous: true, ended_at: "T3" })).toEqual(["asked T1", "withdrawn T3"]);
  expect(steps({ state: "expired", is_dangerous: true, confirmed_at: "T2", ended_at: "T3" })).toEqual(["asked T1", "confirmed T2", "expired T3"]);
  expect(steps({ state: "failed", received_at: "T2", ended_at: "T3" })).toEqual(["asked T1", "received T2", "failed T3"]);
});

it("waits for whoever may confirm it, and is news once", () => {
  const commands = [command({ id: "a", may: ["confirm", "withdraw"] }), command({ id: "b", may: ["withdraw"] }), command({ id: "c", may: ["confirm"] })];
  expect(confirmable(commands).map(({ id }) => id)).toEqual(["a", "c"]);
  expect(newlyConfirmable(new Set(["a"]), commands).map(({ id }) => id)).toEqual(["c"]);
});

it("is asked for often only while something is on its way", () => {
  expect([isDue(true, 0, 1_900), isDue(false, 0, 1_900), isDue(false, 0, 8_000), isDue(false, undefined, 0)]).toEqual([true, false, true, true]);
});

it("devices that have not answered are the rest", () => {
  expect([pendingOf({ devices: 5, done: 2, failed: 1, expired: 1 }), pendingOf({ devices: 0, done: 0, failed: 0, expired: 0 })]).toEqual([1, 0]);
});

it("scenes stand as they come, those by hand last", () => {
  const scene = (id: string, next_at?: string) => ({ id, ...(next_at ? { next_at } : {}) }) as Scene;
  const scenes = [scene("festival"), scene("half", "2026-11-28T23:30:00+08:00"), scene("on", "2026-11-28T09:40:00Z")];
  expect(bySoonest(scenes).map(({ id }) => id)).toEqual(["on", "half", "festival"]);
});

it("counts down to zero and stops there", () => {
  expect([95_000, 60_000, 4_200, 0, -5_000].map(countdown)).toEqual(["1:35", "1:00", "0:05", "0:00", "0:00"]);
});
