import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { effectScope, nextTick, ref, type EffectScope } from "vue";
import { LOOK_EVERY_MS, LOOK_FOR_MS, usePoll, type Poll } from "./use-poll.ts";

let scope: EffectScope;
let poll: Poll;
const waits = ref(true);
const look = vi.fn(async () => {});

beforeEach(() => {
  vi.useFakeTimers();
  look.mockClear();
  waits.value = true;
  scope = effectScope();
  scope.run(() => (poll = usePoll(() => waits.value, look)));
});

afterEach(() => {
  scope.stop();
  vi.useRealTimers();
});

it("looks every two seconds, for a minute", async () => {
  await vi.advanceTimersByTimeAsync(LOOK_EVERY_MS * 3);
  expect(look).toHaveBeenCalledTimes(3);
  await vi.advanceTimersByTimeAsync(LOOK_FOR_MS * 3);
  expect(look).toHaveBeenCalledTimes(LOOK_FOR_MS / LOOK_EVERY_MS);
  expect(poll.over.value).toBe(true);
});

it("stops as soon as there is nothing to wait for, and begins anew with the next thing", async () => {
  await vi.advanceTimersByTimeAsync(LOOK_EVERY_MS);
  waits.value = false;
  await nextTick();
  await vi.advanceTimersByTimeAsync(LOOK_FOR_MS);
  expect([look.mock.calls.length, poll.over.value]).toEqual([1, false]);
  waits.value = true;
  await nextTick();
  await vi.advanceTimersByTimeAsync(LOOK_EVERY_MS);
  expect(look).toHaveBeenCalledTimes(2);
});

it("looks for another minute when asked, not twice as often", async () => {
  await vi.advanceTimersByTimeAsync(LOOK_FOR_MS);
  look.mockClear();
  poll.again();
  poll.again();
  expect(poll.over.value).toBe(false);
  await vi.advanceTimersByTimeAsync(LOOK_EVERY_MS * 2);
  expect(look).toHaveBeenCalledTimes(2);
});

it("ends with its page, an answer on its way included", async () => {
  look.mockImplementationOnce(() => new Promise((resolve) => setTimeout(resolve, 500)));
  await vi.advanceTimersByTimeAsync(LOOK_EVERY_MS + 100);
  scope.stop();
  await vi.advanceTimersByTimeAsync(LOOK_FOR_MS);
  expect(look).toHaveBeenCalledTimes(1);
});
