import { effectScope, ref, type EffectScope } from "vue";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { keptInMemory } from "./kept.ts";
import { Problem } from "./problem.ts";
import { QueryClient, type Query } from "./query.ts";

let scope: EffectScope;
let now: number;
const waits: number[] = [];

function client(kept = keptInMemory()): QueryClient {
  return new QueryClient({ now: () => now, wait: async (ms) => void waits.push(ms), kept });
}

function use<T>(queries: QueryClient, key: string | (() => string | undefined), fetcher: () => Promise<T>, options = {}): Query<T> {
  return scope.run(() => queries.use(key, fetcher, options)) as Query<T>;
}

/** Lets every promise under way settle. */
async function settle(): Promise<void> {
  for (let i = 0; i < 20; i += 1) await Promise.resolve();
}

beforeEach(() => {
  scope = effectScope();
  now = 1_000_000;
  waits.length = 0;
});
afterEach(() => scope.stop());

describe("a query", () => {
  it("asks once for everybody who watches the same key", async () => {
    const fetcher = vi.fn(async () => "here");
    const queries = client();
    const [a, b] = [use(queries, "city", fetcher), use(queries, "city", fetcher)];
    expect(a.loading.value).toBe(true);
    await settle();
    expect([a.data.value, b.data.value]).toEqual(["here", "here"]);
    expect(fetcher).toHaveBeenCalledTimes(1);
  });

  it("does not ask again while its answer is fresh, and does when it is old", async () => {
    const fetcher = vi.fn(async () => now);
    const queries = client();
    use(queries, "city", fetcher, { stale_ms: 1_000 });
    await settle();
    now += 900;
    use(queries, "city", fetcher, { stale_ms: 1_000 });
    await settle();
    expect(fetcher).toHaveBeenCalledTimes(1);
    now += 200;
    use(queries, "city", fetcher, { stale_ms: 1_000 });
    await settle();
    expect(fetcher).toHaveBeenCalledTimes(2);
  });

  it("tries a busy server again with growing pauses, and a refusal never", async () => {
    const busy = vi.fn(async () => Promise.reject(new Problem(503, "busy", "busy")));
    const refused = vi.fn(async () => Promise.reject(new Problem(403, "forbidden", "no")));
    const queries = client();
    const [a, b] = [use(queries, "a", busy), use(queries, "b", refused)];
    await settle();
    expect(waits).toEqual([400, 800]);
    expect([busy.mock.calls.length, refused.mock.calls.length]).toEqual([3, 1]);
    expect([a.problem.value?.status, b.problem.value?.status]).toEqual([503, 403]);
    expect(a.loading.value).toBe(false);
  });

  it("waits as long as the server asks for", async () => {
    const limited = vi.fn(async () => Promise.reject(new Problem(429, "limited", "slow", [], [], 7)));
    use(client(), "a", limited, { retries: 1 });
    await settle();
    expect(waits).toEqual([7_000]);
  });

  it("shows the last answer as stale when a later call fails", async () => {
    let answer: () => Promise<string> = async () => "old";
    const queries = client();
    const query = use(queries, "city", () => answer());
    await settle();
    answer = () => Promise.reject(new TypeError("no network"));
    await query.refresh();
    expect([query.data.value, query.stale.value, query.problem.value?.code]).toEqual(["old", true, "offline"]);
  });

  it("reads what an earlier visit kept when there is no network", async () => {
    const kept = keptInMemory();
    use(client(kept), "tasks", async () => ["one"], { keep: true });
    await settle();
    const query = use(client(kept), "tasks", () => Promise.reject<string[]>(new TypeError("no network")), { keep: true });
    await settle();
    expect([query.data.value, query.stale.value, query.at_ms.value]).toEqual([["one"], true, now]);
  });

  it("follows its key, and asks nothing without one", async () => {
    const key = ref<string>();
    const fetcher = vi.fn(async () => key.value);
    const query = use(client(), () => key.value, fetcher);
    await settle();
    expect([fetcher.mock.calls.length, query.loading.value]).toEqual([0, false]);
    key.value = "case/2";
    await settle();
    expect(query.data.value).toBe("case/2");
  });
});

describe("invalidation", () => {
  it("asks again for what is on screen below the key, and only for that", async () => {
    const asked: string[] = [];
    const queries = client();
    for (const key of ["case/1", "case/1/events", "case/11", "cases"]) use(queries, key, async () => void asked.push(key));
    await settle();
    asked.length = 0;
    queries.invalidate("case/1");
    await settle();
    expect(asked).toEqual(["case/1", "case/1/events"]);
  });

  it("asks once more when a change arrives while an answer is under way", async () => {
    const answers = ["old", "new"];
    const queries = client();
    const query = use(queries, "case/1", async () => answers.shift());
    queries.invalidate("case/1");
    await settle();
    expect(query.data.value).toBe("new");
  });

  it("leaves what nobody watches until somebody does", async () => {
    const fetcher = vi.fn(async () => 1);
    const queries = client();
    const first = effectScope();
    first.run(() => queries.use("case/1", fetcher));
    await settle();
    first.stop();
    queries.invalidate("case/1");
    await settle();
    expect(fetcher).toHaveBeenCalledTimes(1);
    use(queries, "case/1", fetcher);
    await settle();
    expect(fetcher).toHaveBeenCalledTimes(2);
  });
});

describe("forgetting", () => {
  it("takes the answers of one person away before the next sees them", async () => {
    const kept = keptInMemory();
    const queries = client(kept);
    let who = "li";
    const query = use(queries, "mine", async () => who, { keep: true });
    await settle();
    who = "wang";
    await queries.forget();
    await settle();
    expect(query.data.value).toBe("wang");
    expect(await kept.list("answer/")).toEqual([{ data: "wang", at_ms: now }]);
  });
});

describe("details fetched ahead", () => {
  it("can be read in a later visit without a network", async () => {
    const kept = keptInMemory();
    await client(kept).fetch("case/1", async () => ({ version: 3 }));
    await settle();
    expect(await client(kept).recall("case/1")).toEqual({ version: 3 });
  });
});
