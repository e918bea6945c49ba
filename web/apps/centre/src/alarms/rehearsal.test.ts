import { expect, it } from "vitest";
import type { AlarmSeverity } from "../types";
import { asEntry, bars, barsOption, readTime, severitiesOf, total } from "./rehearsal";

const NOW = Date.parse("2026-11-28T02:00:00Z");
const SHANGHAI_MS = 8 * 3_600_000;
const DAY_MS = 86_400_000;
const raised = (raised_at: string, severity: AlarmSeverity) => ({ raised_at, severity });
const COLOURS = { font: "f", ink: "i", soft: "s", line: "l", surface: "w", opened: "1", closed: "3", late: "r", soon: "y", bar: "1" };

it("a time is up to now, or as it was typed and not beyond now", () => {
  const own = { from: "", to: "" };
  expect(readTime("week", own, NOW)).toEqual({ from_ms: NOW - 7 * DAY_MS, to_ms: NOW });
  expect(readTime("own", own, NOW)).toBe("rule.time_missing");
  const typed = (from: string, to: string) => readTime("own", { from, to }, NOW);
  expect(typed("2026-11-20T08:00", "2026-11-20T08:00")).toBe("rule.time_order");
  expect(typed("2026-01-01T00:00", "2026-11-20T08:00")).toBe("rule.time_long");
  expect(typed("2026-11-20T08:00", "2027-11-20T08:00")).toMatchObject({ to_ms: NOW });
});

it("a rule becomes an entry of the pack's file", () => {
  expect(asEntry("hot", "when: tilt > 5.0\nlevels:\n  - {severity: minor}\n\n")).toBe("hot:\n  when: tilt > 5.0\n  levels:\n    - {severity: minor}\n");
});

it("alarms are counted by steps that begin with the city's hours and days", () => {
  const day = bars([raised("2026-11-27T18:10:00Z", "major"), raised("2026-11-27T18:29:59Z", "critical"), raised("2026-11-28T02:00:00Z", "major")], { from_ms: NOW - DAY_MS, to_ms: NOW }, SHANGHAI_MS);
  expect(day).toHaveLength(48);
  const some = day.filter((bar) => total(bar) > 0);
  expect(some.map(({ from_ms, counts }) => [new Date(from_ms).toISOString(), counts.critical, counts.major])).toEqual([
    ["2026-11-27T18:00:00.000Z", 1, 1],
    ["2026-11-28T01:30:00.000Z", 0, 1],
  ]);
  const month = bars([], { from_ms: NOW - 30 * DAY_MS, to_ms: NOW }, SHANGHAI_MS);
  expect(month.map(({ from_ms }) => (from_ms + SHANGHAI_MS) % DAY_MS).every((rest) => rest === 0)).toBe(true);
  expect(month).toHaveLength(31);
});

it("no alarm is lost at the ends, however long the time", () => {
  for (const days of [0.001, 1, 7, 30, 92]) {
    const frame = { from_ms: NOW - days * DAY_MS, to_ms: NOW };
    const ends = [frame.from_ms, frame.to_ms].map((at) => raised(new Date(at).toISOString(), "info"));
    const found = bars(ends, frame, SHANGHAI_MS);
    expect(found.reduce((sum, bar) => sum + total(bar), 0)).toBe(2);
    expect(found.length).toBeLessThanOrEqual(49);
  }
});

it("only severities that occur are drawn, the worst first, and several by pattern too", () => {
  const alarms = [raised("2026-11-28T01:00:00Z", "minor"), raised("2026-11-28T01:10:00Z", "critical")];
  expect(severitiesOf(alarms)).toEqual(["critical", "minor"]);
  const found = bars(alarms, { from_ms: NOW - DAY_MS, to_ms: NOW }, 0);
  const words = { severity: (one: AlarmSeverity) => one, tick: String, isSparse: false, step: () => "step" };
  expect(barsOption(found, ["critical", "minor"], words, COLOURS)).toMatchObject({ aria: { decal: { show: true } }, series: [{ name: "critical" }, { name: "minor" }] });
  expect(barsOption(found, ["minor"], words, COLOURS)).toMatchObject({ aria: { decal: { show: false } } });
});
