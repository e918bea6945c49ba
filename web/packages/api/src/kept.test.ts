import "fake-indexeddb/auto";
import { describe, expect, it } from "vitest";
import { keptInBrowser, keptInMemory } from "./kept.ts";

let names = 0;

describe.each([
  ["memory", keptInMemory],
  ["IndexedDB", () => keptInBrowser(`test-${(names += 1)}`)],
] as const)("values kept in %s", (_where, make) => {
  it("come back, by key and by prefix, until removed", async () => {
    const kept = make();
    await kept.set("a/2", { n: 2 });
    await kept.set("a/1", { n: 1 });
    await kept.set("ab", { n: 3 });
    expect(await kept.get("a/1")).toEqual({ n: 1 });
    expect(await kept.list("a/")).toEqual([{ n: 1 }, { n: 2 }]);
    await kept.remove("a/1");
    expect(await kept.get("a/1")).toBeUndefined();
    await kept.clear("a/");
    expect(await kept.list("")).toEqual([{ n: 3 }]);
  });
});
