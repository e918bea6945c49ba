import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { watchIdle, LEAVING_S, QUIET_S } from "./idle.ts";

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

function watched() {
  const told: (number | undefined)[] = [];
  let left = 0;
  const target = new EventTarget();
  const idle = watchIdle(target, (seconds) => told.push(seconds), () => (left += 1));
  return { told, left: () => left, target, idle };
}

it("asks after a quiet minute, counts down and leaves", () => {
  const { told, left } = watched();
  vi.advanceTimersByTime(QUIET_S * 1000 - 1);
  expect(told).toEqual([]);
  vi.advanceTimersByTime(1);
  expect(told).toEqual([LEAVING_S]);
  vi.advanceTimersByTime(LEAVING_S * 1000);
  expect(told.at(-1)).toBe(0);
  expect(left()).toBe(1);
});

it("is put off by every touch, and no more by touches once it asks", () => {
  const { told, left, target, idle } = watched();
  vi.advanceTimersByTime(QUIET_S * 1000 - 1);
  target.dispatchEvent(new Event("pointerdown"));
  vi.advanceTimersByTime(QUIET_S * 1000 - 1);
  expect(told).toEqual([]);
  vi.advanceTimersByTime(1);
  expect(told).toEqual([LEAVING_S]);
  target.dispatchEvent(new Event("keydown"));
  vi.advanceTimersByTime(1000);
  expect(told.at(-1)).toBe(LEAVING_S - 1);
  idle.stay();
  expect(told.at(-1)).toBeUndefined();
  vi.advanceTimersByTime(QUIET_S * 1000 - 1);
  expect(left()).toBe(0);
});

it("stops when it is told to", () => {
  const { told, idle } = watched();
  idle.stop();
  vi.advanceTimersByTime(QUIET_S * 2000);
  expect(told).toEqual([]);
});
