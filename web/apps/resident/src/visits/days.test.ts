import type { Slot, Visit } from "@dipper/api";
import { describe, expect, it } from "vitest";
import { daysOf, firstDay, isChangeable, isHeld } from "./days.ts";

const slot = (starts_at: string, free = 1): Slot => ({ starts_at, ends_at: starts_at, free });
const visit = (state: Visit["state"]): Visit => ({
  place: { id: "hall1", title: { "zh-CN": "大厅" } },
  starts_at: "2026-11-27T01:30:00Z",
  ends_at: "2026-11-27T02:00:00Z",
  changeable_until: "2026-11-27T00:30:00Z",
  state,
});

describe("times at a window", () => {
  // 16:00 in UTC is midnight in Shanghai.
  const slots = [slot("2026-11-26T15:30:00Z", 0), slot("2026-11-26T16:00:00Z", 0), slot("2026-11-27T01:00:00Z", 2), slot("2026-11-30T01:00:00Z", 0)];

  it("stand under the day of the city, whatever the clock of the phone", () => {
    expect(daysOf(slots, "Asia/Shanghai").map(({ day, slots: of, free }) => [day, of.length, free])).toEqual([["2026-11-26", 1, 0], ["2026-11-27", 2, 1], ["2026-11-30", 1, 0]]);
    expect(daysOf(slots, "UTC").map(({ day }) => day)).toEqual(["2026-11-26", "2026-11-27", "2026-11-30"]);
    expect(daysOf([], "UTC")).toEqual([]);
  });

  it("begin with the day looked at, else with the first that is free", () => {
    const days = daysOf(slots, "Asia/Shanghai");
    expect(firstDay(days, "2026-11-30")).toBe("2026-11-30");
    expect(firstDay(days, "2026-11-28")).toBe("2026-11-27");
    expect(firstDay(days.slice(0, 1), undefined)).toBe("2026-11-26");
    expect(firstDay([], "2026-11-27")).toBeUndefined();
  });
});

describe("a booked time", () => {
  it("can be changed until the moment that is said", () => {
    expect(isChangeable(visit("booked"), Date.parse("2026-11-27T00:30:00Z"))).toBe(true);
    expect(isChangeable(visit("booked"), Date.parse("2026-11-27T00:30:01Z"))).toBe(false);
    expect(isChangeable(visit("arrived"), 0)).toBe(false);
  });

  it("counts until it is given back, moved or missed", () => {
    expect((["booked", "arrived", "cancelled", "moved", "missed"] as const).filter((state) => isHeld(visit(state)))).toEqual(["booked", "arrived"]);
    expect(isHeld(undefined)).toBe(false);
  });
});
