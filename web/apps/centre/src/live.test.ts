// @vitest-environment jsdom
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { effectScope } from "vue";
import { whileVisible } from "./live";

let visible: DocumentVisibilityState = "visible";
beforeEach(() => {
  vi.useFakeTimers();
  visible = "visible";
  vi.spyOn(document, "visibilityState", "get").mockImplementation(() => visible);
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

function look(state: DocumentVisibilityState): void {
  visible = state;
  document.dispatchEvent(new Event("visibilitychange"));
}

it("acts while the page is in sight, and at once when it comes back", () => {
  const act = vi.fn();
  const scope = effectScope();
  scope.run(() => whileVisible(act, 10_000));
  vi.advanceTimersByTime(20_000);
  expect(act).toHaveBeenCalledTimes(2);
  look("hidden");
  vi.advanceTimersByTime(60_000);
  expect(act).toHaveBeenCalledTimes(2);
  look("visible");
  expect(act).toHaveBeenCalledTimes(3);
  look("hidden");
  look("visible");
  expect(act, "a glance away is no reason to ask again").toHaveBeenCalledTimes(3);
  scope.stop();
  vi.advanceTimersByTime(60_000);
  expect(act).toHaveBeenCalledTimes(3);
});
