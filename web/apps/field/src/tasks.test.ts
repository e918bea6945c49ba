import type { CaseSummary, OutItem } from "@dipper/api";
import { describe, expect, it } from "vitest";
import { firstQueue, type Queues } from "./queue.ts";
import { around, byPressure, distanceM, pendingOf } from "./tasks.ts";

const NOW = Date.parse("2026-11-23T08:00:00Z");
const one = (no: string, due_at: string | undefined, due_state: CaseSummary["due_state"]) => ({ no, due_at, due_state }) as CaseSummary;

describe("tasks", () => {
  it("stand under what presses most, the soonest first", () => {
    const groups = byPressure(
      [
        one("ok-late-in-the-day", "2026-11-23T18:00:00Z", "ok"),
        one("paused", "2026-11-23T07:00:00Z", "paused"),
        one("late", "2026-11-23T07:00:00Z", "late"),
        one("late since the answer", "2026-11-23T07:59:00Z", "ok"),
        one("soon", "2026-11-23T08:20:00Z", "soon"),
        one("ok", "2026-11-23T12:00:00Z", "ok"),
        one("without", undefined, "none"),
      ],
      NOW,
    );
    expect(groups.map(({ pressure, cases }) => [pressure, cases.map(({ no }) => no)])).toEqual([
      ["late", ["late", "late since the answer"]],
      ["soon", ["soon"]],
      ["ok", ["ok", "ok-late-in-the-day", "without"]],
      ["waiting", ["paused"]],
    ]);
  });

  it("know what of theirs is still to be sent", () => {
    const items = [
      { id: "1", kind: "action", body: { case_id: "A" } },
      { id: "2", kind: "action", body: { case_id: "B" } },
      { id: "3", kind: "report", body: { report: {} } },
    ] as OutItem[];
    expect(pendingOf(items, "A").map(({ id }) => id)).toEqual(["1"]);
  });
});

describe("places", () => {
  it("are as far apart as the earth says", () => {
    // One degree of a meridian: 111 195 m on the mean sphere.
    expect(distanceM({ lon: 112, lat: 32 }, { lon: 112, lat: 33 })).toBeCloseTo(111_195, -1);
    expect(distanceM({ lon: 112, lat: 32 }, { lon: 112, lat: 32 })).toBe(0);
  });

  it.each([0, 32.5, 60])("have a box around them that reaches as far each way, at latitude %d", (lat) => {
    const box = around({ lon: 112, lat }, 800);
    expect(distanceM({ lon: 112, lat }, { lon: box.east, lat })).toBeCloseTo(800, -1);
    expect(distanceM({ lon: 112, lat }, { lon: 112, lat: box.north })).toBeCloseTo(800, -1);
  });
});

describe("the queue to begin with", () => {
  const queues = (...counts: [id: string, count: number][]) => counts.map(([id, count]) => ({ id, count, late: 0, soon: 0, title: {} })) as Queues;
  it.each([
    ["one's own tasks when there are any", queues(["mine", 1], ["role:collector", 9]), "mine"],
    ["the first role with tasks otherwise", queues(["mine", 0], ["role:a", 0], ["role:b", 2], ["all", 50]), "role:b"],
    ["one's own when nothing waits", queues(["mine", 0], ["role:a", 0], ["all", 50]), "mine"],
    ["one's own before the server has said anything", queues(), "mine"],
  ])("is %s", (_what, list, expected) => {
    expect(firstQueue(list)).toBe(expected);
  });
});
