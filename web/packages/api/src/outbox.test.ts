import { describe, expect, it, vi } from "vitest";
import { keptInMemory, type Kept } from "./kept.ts";
import { evidenceByField, Outbox, type OutItem } from "./outbox.ts";
import { Problem } from "./problem.ts";

const photo = (key: string, field = "") => ({ key, field, blob: new Blob([key]) });
const report = (title: string, photos: ReturnType<typeof photo>[] = []) => ({ kind: "report", title, body: { title }, photos });

interface World {
  outbox: Outbox;
  kept: Kept;
  sent: OutItem[];
  uploads: number;
}

async function world(answer: (item: OutItem, n: number) => unknown = () => "ok", upload: (n: number) => string = (n) => `e${n}`, kept = keptInMemory()): Promise<World> {
  const found: World = { outbox: undefined as unknown as Outbox, kept, sent: [], uploads: 0 };
  let now = 0;
  found.outbox = new Outbox({
    kept,
    now: () => (now += 1),
    alone: (work) => work(),
    upload: async () => upload((found.uploads += 1)),
    deliver: async (item) => {
      found.sent.push(item);
      return answer(item, found.sent.length);
    },
  });
  await found.outbox.load();
  return found;
}

const offline = () => {
  throw new TypeError("no network");
};

describe("the outbox", () => {
  it("sends photos first and names them by the field they answer", async () => {
    const { outbox, sent } = await world();
    const { answer } = await outbox.send({ ...report("lamp"), photos: [photo("a", "before"), photo("b", "after"), photo("c", "after")] });
    expect(answer).toBe("ok");
    expect(evidenceByField(sent[0] as OutItem)).toEqual({ before: ["e1"], after: ["e2", "e3"] });
    expect(outbox.items.value).toEqual([]);
  });

  it("keeps what it cannot send, through a reload, and sends it once under the same key", async () => {
    const first = await world(offline);
    const { item, answer } = await first.outbox.send(report("lamp"));
    expect([answer, item.state, item.problem?.code]).toEqual([undefined, "waiting", "offline"]);
    const second = await world(() => "ok", undefined, first.kept);
    await second.outbox.flush();
    expect(second.sent.map(({ id }) => id)).toEqual([item.id]);
    expect(await second.kept.list("out/")).toEqual([]);
  });

  it("sends again what was under way when the page closed", async () => {
    const kept = keptInMemory();
    await kept.set("out/x", { ...report("lamp"), id: "x", created_ms: 1, state: "sending", tries: 1 });
    const { outbox, sent } = await world(() => "ok", undefined, kept);
    await outbox.flush();
    expect(sent).toHaveLength(1);
  });

  it("uploads a photo once, even when the report after it fails", async () => {
    const found = await world((_item, n) => (n === 1 ? offline() : "ok"));
    await found.outbox.send(report("lamp", [photo("a"), photo("b")]));
    await found.outbox.flush();
    expect([found.uploads, found.sent.length]).toEqual([2, 2]);
  });

  it.each([
    [409, "conflict"],
    [422, "refused"],
    [403, "refused"],
    [503, "waiting"],
    [429, "waiting"],
    [401, "waiting"],
  ] as const)("after status %d an item is %s, with the reason", async (status, state) => {
    const { outbox } = await world(() => {
      throw new Problem(status, "word", "why", [{ field: "note", message: "too long" }], ["handle"]);
    });
    const { item } = await outbox.send(report("lamp"));
    expect(item.state).toBe(state);
    expect(item.problem).toEqual({ status, code: "word", message: "why", fields: [{ field: "note", message: "too long" }], allowed: ["handle"] });
  });

  it("goes on past a refused item, and stops at a lost connection", async () => {
    const { outbox, sent } = await world((item) => {
      if (item.title === "refused") throw new Problem(422, "bad", "bad");
      return item.title === "offline" ? offline() : "ok";
    });
    for (const title of ["refused", "fine", "offline", "never tried"]) await outbox.add(report(title));
    await outbox.flush();
    expect(sent.map(({ title }) => title)).toEqual(["refused", "fine", "offline"]);
    expect(outbox.items.value.map(({ title, state }) => `${title}: ${state}`)).toEqual(["refused: refused", "offline: waiting", "never tried: waiting"]);
  });

  it("does not send a conflicted item again by itself, only when asked", async () => {
    const { outbox, sent } = await world((_item, n) => {
      if (n === 1) throw new Problem(409, "not_allowed", "no", [], ["handle"]);
      return "ok";
    });
    const { item } = await outbox.send(report("lamp"));
    await outbox.flush();
    expect(sent).toHaveLength(1);
    await outbox.retry(item.id);
    expect([sent.length, outbox.items.value.length]).toEqual([2, 0]);
  });

  it("answers two sends at once, each with its own answer", async () => {
    const { outbox } = await world((item) => `answer to ${item.title}`);
    const [a, b] = await Promise.all([outbox.send(report("a")), outbox.send(report("b"))]);
    expect([a.answer, b.answer]).toEqual(["answer to a", "answer to b"]);
  });

  it("forgets an item that was dropped", async () => {
    const { outbox, kept } = await world(offline);
    const { item } = await outbox.send(report("lamp"));
    await outbox.drop(item.id);
    expect([outbox.items.value, await kept.list("out/")]).toEqual([[], []]);
  });

  it("keeps nothing it could not store", async () => {
    const kept = { ...keptInMemory(), set: vi.fn(async () => Promise.reject(new DOMException("full", "QuotaExceededError"))) };
    const { outbox } = await world(() => "ok", undefined, kept);
    await expect(outbox.add(report("lamp"))).rejects.toThrow("full");
    expect(outbox.items.value).toEqual([]);
  });
});
