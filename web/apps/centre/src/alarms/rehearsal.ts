/** A rule tried over readings that are there: over which time, and what it would have raised as a chart. */
import { clockInstant } from "@dipper/ui";
import type { EChartsCoreOption } from "echarts/core";
import type { ChartColours } from "../board/options";
import { frameOf, type Frame } from "../devices/time";
import type { AlarmSeverity, RehearsedAlarm } from "../types";
import { SEVERITIES } from "./order";

/** Times offered by name, up to now, and one of one's own. */
export const TIMES = ["day", "week", "month", "own"] as const;
export type Time = (typeof TIMES)[number];

const MINUTE_MS = 60_000;
const DAY_MS = 1_440 * MINUTE_MS;
/** The server looks at 92 days at most. */
const LONGEST_MS = 92 * DAY_MS;

/** A time as it was typed, by the clock of this device. */
export interface OwnTime {
  readonly from: string;
  readonly to: string;
}

/** The time that is meant, or why it does not do: a message id. */
export function readTime(time: Time, own: OwnTime, now_ms: number): Frame | string {
  if (time !== "own") return frameOf(time, now_ms);
  const [from, to] = [clockInstant(own.from), clockInstant(own.to)];
  if (!from || !to) return "rule.time_missing";
  const [from_ms, to_ms] = [Date.parse(from), Math.min(Date.parse(to), now_ms)];
  if (to_ms <= from_ms) return "rule.time_order";
  return to_ms - from_ms > LONGEST_MS ? "rule.time_long" : { from_ms, to_ms };
}

/** A rule as the entry of the pack's alarm_rules.yaml. */
export function asEntry(id: string, text: string): string {
  const lines = text.trimEnd().split("\n");
  return `${id}:\n${lines.map((line) => (line.trim() ? `  ${line}` : "")).join("\n")}\n`;
}

/** Steps of the chart, minutes: those that people count in. */
const STEPS_MIN = [5, 10, 15, 30, 60, 120, 180, 360, 720, 1_440, 2_880];
/** More bars than this are a smear. */
const BARS_MAX = 48;

/** A step of the chart and the alarms that would have been raised in it. */
export interface Bar {
  readonly from_ms: number;
  readonly to_ms: number;
  readonly counts: Readonly<Record<AlarmSeverity, number>>;
}

/** Counts alarms by steps that begin where the clocks of the city do. */
export function bars(alarms: readonly Pick<RehearsedAlarm, "raised_at" | "severity">[], frame: Frame, offset_ms: number): Bar[] {
  const length_ms = frame.to_ms - frame.from_ms;
  const step_ms = (STEPS_MIN.find((minutes) => length_ms / (minutes * MINUTE_MS) <= BARS_MAX) ?? 2_880) * MINUTE_MS;
  const first_ms = Math.floor((frame.from_ms + offset_ms) / step_ms) * step_ms - offset_ms;
  const count = Math.max(1, Math.ceil((frame.to_ms - first_ms) / step_ms));
  const counts = Array.from({ length: count }, () => ({ critical: 0, major: 0, minor: 0, info: 0 }));
  for (const { raised_at, severity } of alarms) {
    const bar = counts[Math.min(count - 1, Math.max(0, Math.floor((Date.parse(raised_at) - first_ms) / step_ms)))];
    if (bar) bar[severity] += 1;
  }
  return counts.map((one, index) => ({ from_ms: first_ms + index * step_ms, to_ms: first_ms + (index + 1) * step_ms, counts: one }));
}

/** All alarms of a step. */
export function total({ counts }: Bar): number {
  return SEVERITIES.reduce((sum, severity) => sum + counts[severity], 0);
}

/** The severities that occur, the worst first. */
export function severitiesOf(alarms: readonly Pick<RehearsedAlarm, "severity">[]): AlarmSeverity[] {
  return SEVERITIES.filter((severity) => alarms.some((alarm) => alarm.severity === severity));
}

/** Words that the chart needs from the page. */
export interface BarWords {
  readonly severity: (severity: AlarmSeverity) => string;
  /** The beginning of a step on the axis; empty where it is not worth a word. */
  readonly tick: (at_ms: number) => string;
  /** Whether few steps have words, each to be shown where there is room. */
  readonly isSparse: boolean;
  /** A step in full. */
  readonly step: (bar: Bar) => string;
}

/** Colours of severities; a chart that shows several tells them apart by pattern too. */
function colourOf(severity: AlarmSeverity, colours: ChartColours): string {
  return { critical: colours.late, major: colours.soon, minor: colours.bar, info: colours.soft }[severity];
}

/** When alarms would have been raised, a bar a step, the worst at the foot. */
export function barsOption(found: readonly Bar[], severities: readonly AlarmSeverity[], words: BarWords, colours: ChartColours): EChartsCoreOption {
  return {
    animation: false,
    // The page says what the chart shows; ECharts would put words of its own in their place.
    aria: { enabled: true, label: { enabled: false }, decal: { show: severities.length > 1 } },
    textStyle: { fontFamily: colours.font, color: colours.ink },
    tooltip: {
      trigger: "axis",
      axisPointer: { type: "shadow" },
      confine: true,
      backgroundColor: colours.surface,
      borderColor: colours.line,
      textStyle: { color: colours.ink, fontSize: 12 },
      formatter: (shown: readonly { dataIndex: number }[]) => {
        const bar = found[shown[0]?.dataIndex ?? -1];
        if (!bar) return "";
        const lines = severities.filter((severity) => bar.counts[severity] > 0).map((severity) => `<br>${words.severity(severity)} <b>${bar.counts[severity]}</b>`);
        return `${words.step(bar)}${lines.join("") || "<br>0"}`;
      },
    },
    legend: { top: 0, right: 0, textStyle: { color: colours.soft }, itemWidth: 18, itemHeight: 12, itemGap: 16 },
    grid: { top: 30, right: 12, bottom: 4, left: 4, containLabel: true },
    xAxis: {
      type: "category",
      data: found.map(({ from_ms }) => words.tick(from_ms)),
      axisLabel: { color: colours.soft, hideOverlap: true, ...(words.isSparse ? { interval: 0 } : {}) },
      axisLine: { lineStyle: { color: colours.line } },
      axisTick: { show: false },
    },
    yAxis: { type: "value", minInterval: 1, axisLabel: { color: colours.soft }, splitLine: { lineStyle: { color: colours.line } } },
    series: severities.map((severity) => ({
      type: "bar",
      stack: "alarms",
      name: words.severity(severity),
      barMaxWidth: 28,
      itemStyle: { color: colourOf(severity, colours), ...(severity === "info" ? { opacity: 0.5 } : {}) },
      data: found.map(({ counts }) => counts[severity]),
    })),
  };
}
