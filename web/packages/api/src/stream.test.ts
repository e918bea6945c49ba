import { afterEach, describe, expect, it, vi } from "vitest";
import type { QueryClient } from "./query.ts";
import { openStream, type CaseChange } from "./stream.ts";

afterEach(() => vi.useRealTimers());

function opened() {
  const source = new EventTarget() as EventTarget & { close: () => void };
  source.close = vi.fn();
  const invalidated: string[] = [];
  const client = { invalidate: (key: string) => invalidated.push(key), refreshAll: () => invalidated.push("everything") } as unknown as QueryClient;
  const stream = openStream(client, () => source as unknown as EventSource);
  const change = (case_no: string) =>
    source.dispatchEvent(new MessageEvent("case", { data: JSON.stringify({ case_id: `id-${case_no}`, case_no }) }));
  return { source, stream, invalidated, change };
}

function hello(source: EventTarget, missed: boolean): void {
  source.dispatchEvent(new MessageEvent("hello", { data: JSON.stringify({ position: 7, missed }) }));
}

describe("live changes", () => {
  it("refresh everything when too many were missed", () => {
    const { source, invalidated } = opened();
    hello(source, false);
    expect(invalidated).toEqual([]);
    hello(source, true);
    expect(invalidated).toEqual(["everything"]);
  });

  it("refresh the case at once and the lists together, however many changes come", () => {
    vi.useFakeTimers();
    const { invalidated, change } = opened();
    change("YG1");
    change("YG2");
    expect(invalidated).toEqual(["case/id-YG1", "case/YG1", "report/YG1", "case/id-YG2", "case/YG2", "report/YG2"]);
    vi.advanceTimersByTime(3_000);
    expect(invalidated.slice(6)).toEqual(["cases", "queues", "reports", "public", "messages"]);
  });

  it("tell those who listen, until they stop", () => {
    vi.useFakeTimers();
    const { stream, change } = opened();
    const heard: string[] = [];
    const stop = stream.onCase((one: CaseChange) => heard.push(one.case_no));
    change("YG1");
    stop();
    change("YG2");
    expect(heard).toEqual(["YG1"]);
    stream.close();
  });

  it("say whether they arrive", () => {
    const { source, stream } = opened();
    hello(source, false);
    expect(stream.live.value).toBe(true);
    source.dispatchEvent(new Event("error"));
    expect(stream.live.value).toBe(false);
  });
});
