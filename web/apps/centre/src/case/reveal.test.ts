import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { effectScope, ref, type EffectScope } from "vue";
import { useReveal } from "./reveal";

describe("what is sealed and opened for a purpose", () => {
  let scope: EffectScope;
  const id = ref("one");
  let answer: (words: string) => void;
  let refuse: (cause: Error) => void;
  const look = vi.fn<(id: string, purpose: string) => Promise<string>>();

  const begin = () => scope.run(() => useReveal(() => id.value, look, 1_000))!;

  beforeEach(() => {
    vi.useFakeTimers();
    scope = effectScope();
    id.value = "one";
    look.mockReset().mockImplementation(
      () =>
        new Promise((resolve, reject) => {
          answer = resolve;
          refuse = reject;
        }),
    );
  });
  afterEach(() => {
    scope.stop();
    vi.useRealTimers();
  });

  it("opens with the trimmed purpose and closes by itself", async () => {
    const seal = begin();
    seal.purpose.value = " call back ";
    const done = seal.open();
    expect(seal.busy.value).toBe(true);
    answer("13800000000");
    expect(await done).toBe(true);
    expect(look).toHaveBeenCalledWith("one", "call back", undefined);
    expect(seal.found.value).toBe("13800000000");
    vi.advanceTimersByTime(999);
    seal.stay();
    vi.advanceTimersByTime(999);
    expect(seal.found.value).toBe("13800000000");
    vi.advanceTimersByTime(1);
    expect(seal.found.value).toBeUndefined();
    expect(seal.purpose.value).toBe("");
  });

  it.each([
    ["an answer", () => answer("of case one")],
    ["a refusal", () => refuse(new Error("no"))],
  ])("never shows %s that comes after the case was left", async (_, come) => {
    const seal = begin();
    const done = seal.open();
    id.value = "two";
    come();
    expect(await done).toBe(false);
    expect(seal.found.value).toBeUndefined();
    expect(seal.problem.value).toBeUndefined();
    expect(seal.busy.value).toBe(false);
  });

  it("drops what comes back after a way there and back again", async () => {
    const seal = begin();
    const done = seal.open();
    id.value = "two";
    id.value = "one";
    answer("late");
    expect(await done).toBe(false);
    expect(seal.found.value).toBeUndefined();
  });
});
