import { expect, test } from "vitest";
import type { DeviceTile, DeviceTiles } from "../types";
import { bridged, countStates, inSight, merge, sparkPath, step, worstFirst } from "./tiles";

const tile = (id: string, standing: DeviceTile["standing"] = "active"): DeviceTile => ({ id, title: id, class: "lamp", region: "r", lon: 0, lat: 0, standing, values: [] });
const answer = (tiles: DeviceTile[], rest: Partial<DeviceTiles> = {}): DeviceTiles => ({ at: "2026-11-23T08:00:00Z", total: tiles.length, is_whole: true, tiles, alarms: [], ...rest });

test("the worst come first, and equals by name", () => {
  const held = merge(
    undefined,
    answer([tile("a"), tile("b", "silent"), tile("c", "quarantined"), tile("d"), tile("e"), tile("f")], {
      alarms: [
        { device: "d", severity: "minor", count: 1 },
        { device: "e", severity: "critical", count: 1 },
        { device: "c", severity: "critical", count: 3 },
      ],
    }),
  );
  const all = worstFirst(held);
  expect(all.map((one) => `${one.tile.id} ${one.state}`)).toEqual(["e alarm", "c quarantined", "d alarm", "b late", "a fresh", "f fresh"]);
  expect(countStates(all)).toEqual({ alarm: 2, quarantined: 1, late: 1, fresh: 2 });
});

test("a later answer changes what is held, and alarms are always whole", () => {
  const before = merge(undefined, answer([tile("a"), tile("b"), tile("c")], { alarms: [{ device: "a", severity: "major", count: 2 }] }));
  const after = merge(before, answer([tile("b", "silent")], { is_whole: false, gone: ["c"], total: 2, alarms: [] }));
  expect(worstFirst(after).map((one) => `${one.tile.id} ${one.state}`)).toEqual(["b late", "a fresh"]);
  expect(worstFirst(merge(after, answer([tile("z")]))).map((one) => one.tile.id)).toEqual(["z"]);
});

test("only what is in sight is drawn", () => {
  expect(inSight(2_000, 6, 100, 0, 800)).toEqual({ first: 0, end: 60 });
  expect(inSight(2_000, 6, 100, 10_000, 800)).toEqual({ first: 588, end: 660 });
  expect(inSight(5, 6, 100, 0, 800)).toEqual({ first: 0, end: 5 });
  expect(inSight(0, 1, 100, 300, 800)).toEqual({ first: 0, end: 0 });
});

test("keys lead along rows and columns and not out of the grid", () => {
  const go = (key: string, at: number) => step(key, at, 10, 4, 2);
  expect([go("ArrowRight", 0), go("ArrowLeft", 0), go("ArrowDown", 1), go("ArrowUp", 5), go("ArrowDown", 8), go("PageDown", 0), go("End", 0), go("Home", 9)]).toEqual([1, 0, 5, 1, 9, 8, 9, 0]);
  expect([go("a", 3), step("End", 0, 0, 4, 2)]).toEqual([undefined, undefined]);
});

test("a line crosses what a device may miss, breaks beyond, and needs two points", () => {
  expect(sparkPath([1, null, null], false, 0)).toBe("");
  expect(sparkPath([0, 10, null, 10, 0], false, 0)).toBe("M0.0 26.0L25.0 2.0M75.0 2.0L100.0 26.0");
  expect(sparkPath([0, 10, null, 10, 0], false, 1)).toBe("M0.0 26.0L25.0 2.0L75.0 2.0L100.0 26.0");
  expect(sparkPath([5, 5], false, 0)).toBe("M0.0 14.0L100.0 14.0");
  expect(sparkPath([1, 1], true, 0)).toBe("M0.0 2.0L100.0 2.0");
  expect(sparkPath([3, null, 4], false, 0)).toBe("M0.0 26.0h0.1M100.0 2.0h0.1");
  expect([bridged(300, 900), bridged(3_600, 900), bridged(60, 900)]).toEqual([1, 12, 1]);
});
