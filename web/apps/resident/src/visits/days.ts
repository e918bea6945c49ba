// Times at a window, by the days of the city. Days without times, such as holidays, are simply not there.
import type { Slot, Visit } from "@dipper/api";
import { dayOf } from "@dipper/ui";

export interface SlotDay {
  /** The civil day, `2026-11-27`. */
  readonly day: string;
  readonly slots: readonly Slot[];
  /** How many of them can still be booked. */
  readonly free: number;
}

/** Groups times by day, in their order. */
export function daysOf(slots: readonly Slot[], zone: string | undefined): SlotDay[] {
  const days = new Map<string, Slot[]>();
  for (const slot of slots) {
    const day = dayOf(slot.starts_at, zone);
    days.set(day, [...(days.get(day) ?? []), slot]);
  }
  return [...days].map(([day, of]) => ({ day, slots: of, free: of.filter(({ free }) => free > 0).length }));
}

/** The day to begin with: the one looked at, while it has times; else the first with a free one. */
export function firstDay(days: readonly SlotDay[], wanted: string | undefined): string | undefined {
  return (days.find(({ day }) => day === wanted) ?? days.find(({ free }) => free > 0) ?? days[0])?.day;
}

/** Whether a booked time can still be moved or given back. */
export function isChangeable(visit: Visit, now_ms: number): boolean {
  return visit.state === "booked" && now_ms <= Date.parse(visit.changeable_until);
}

/** Whether a visit still counts: it is to come, or its number was drawn. */
export function isHeld(visit: Visit | undefined): visit is Visit & { state: "booked" | "arrived" } {
  return visit?.state === "booked" || visit?.state === "arrived";
}
