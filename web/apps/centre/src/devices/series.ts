/** What a device measured over a time, as plain data for ECharts. */
import type { EChartsCoreOption } from "echarts/core";
import type { ChartColours } from "../board/options";
import type { DeviceSeries, DeviceStep, DeviceValue } from "../types";
import { isTrue } from "./values";

/** A step on the axis of time; without numbers where nothing was heard and the line breaks. */
export interface Point {
  readonly at_ms: number;
  readonly step: DeviceStep | null;
}

/** Steps this many intervals apart are not joined: in between the device was silent. */
const BREAK_INTERVALS = 3;

/** More points than this are a line without marks. */
const MARKED_MAX = 48;

/** The steps of a series with breaks where the device was silent. */
export function withBreaks(steps: readonly DeviceStep[], step_seconds: number, interval_seconds: number): Point[] {
  const most_ms = BREAK_INTERVALS * Math.max(step_seconds, interval_seconds) * 1_000;
  const points: Point[] = [];
  for (const step of steps) {
    const at_ms = Date.parse(step.from);
    const before = points.at(-1)?.at_ms;
    if (before !== undefined && at_ms - before > most_ms) points.push({ at_ms: before + 1, step: null });
    points.push({ at_ms, step });
  }
  return points;
}

/** What a series says as a whole. */
export interface Summary {
  readonly count: number;
  readonly min: number;
  readonly max: number;
  readonly mean: number;
}

/** Least, greatest and mean of all readings; nothing where there are none. */
export function summary(steps: readonly DeviceStep[]): Summary | null {
  const count = steps.reduce((sum, step) => sum + step.count, 0);
  if (count === 0) return null;
  const mean = steps.reduce((sum, step) => sum + step.mean * step.count, 0) / count;
  return { count, mean, min: Math.min(...steps.map(({ min }) => min)), max: Math.max(...steps.map(({ max }) => max)) };
}

/** Words that a chart needs from the page. */
export interface SeriesWords {
  readonly mean: string;
  readonly least: string;
  readonly greatest: string;
  /** A value with its unit. */
  readonly value: (value: number) => string;
  /** A value on the axis. */
  readonly tick: (value: number) => string;
  /** An instant on the axis. */
  readonly time: (at_ms: number) => string;
  /** An instant in full. */
  readonly instant: (at_ms: number) => string;
}

/** Whether a point stands alone, so that only a mark shows it. */
function isAlone(points: readonly Point[], index: number): boolean {
  return !points[index - 1]?.step && !points[index + 1]?.step;
}

/** The line of means, and the band between the least and the greatest; truths are steps. */
function lines(points: readonly Point[], isTruth: boolean, colours: ChartColours) {
  const marked = points.length <= MARKED_MAX;
  const mean = ({ mean: value }: DeviceStep) => (isTruth ? Number(isTrue(value)) : value);
  const band = { type: "line", stack: "band", stackStrategy: "all", symbol: "none", silent: true, lineStyle: { opacity: 0 }, ...(isTruth ? { step: "end" } : {}) };
  return [
    { ...band, data: points.map(({ at_ms, step }) => [at_ms, step?.min ?? null]) },
    {
      ...band,
      areaStyle: { color: colours.bar, opacity: 0.2 },
      data: points.map(({ at_ms, step }) => [at_ms, step ? step.max - step.min : null]),
    },
    {
      type: "line",
      z: 3,
      symbol: "circle",
      ...(isTruth ? { step: "end" } : {}),
      lineStyle: { color: colours.bar, width: 2 },
      itemStyle: { color: colours.bar },
      data: points.map(({ at_ms, step }, index) => ({
        value: [at_ms, step ? mean(step) : null],
        symbolSize: marked || isAlone(points, index) ? 5 : 0,
      })),
    },
  ];
}

/** The axis of values: truths have two, shares of a whole are seen against the whole, others fill the chart. */
function extent({ kind, unit }: Pick<DeviceValue, "kind" | "unit">, steps: readonly DeviceStep[]) {
  if (kind === "truth") return { min: 0, max: 1, interval: 1 };
  if (unit === "%" && steps.every(({ min, max }) => min >= 0 && max <= 100)) return { min: 0, max: 100, interval: 25 };
  return { scale: true, splitNumber: 4, ...(kind === "count" ? { minInterval: 1 } : {}) };
}

/** A chart of one property. */
export function seriesOption(
  series: DeviceSeries,
  property: Pick<DeviceValue, "kind" | "unit">,
  interval_seconds: number,
  words: SeriesWords,
  colours: ChartColours,
): EChartsCoreOption {
  const isTruth = property.kind === "truth";
  const points = withBreaks(series.steps, series.step_seconds, interval_seconds);
  const told = (shown: readonly { dataIndex: number }[]) => {
    const point = points[shown[0]?.dataIndex ?? -1];
    if (!point?.step) return "";
    const { count, min, max, mean } = point.step;
    const more = count > 1 && max > min ? `<br>${words.least} ${words.value(min)}<br>${words.greatest} ${words.value(max)}` : "";
    return `${words.instant(point.at_ms)}<br>${count > 1 ? `${words.mean} ` : ""}<b>${words.value(mean)}</b>${more}`;
  };
  return {
    animation: false,
    textStyle: { fontFamily: colours.font, color: colours.ink },
    tooltip: {
      trigger: "axis",
      confine: true,
      backgroundColor: colours.surface,
      borderColor: colours.line,
      textStyle: { color: colours.ink, fontSize: 12 },
      formatter: told,
    },
    grid: { top: 12, right: 16, bottom: 4, left: 4, containLabel: true },
    xAxis: {
      type: "time",
      min: Date.parse(series.from),
      max: Date.parse(series.to),
      axisLabel: { color: colours.soft, hideOverlap: true, formatter: words.time },
      axisLine: { lineStyle: { color: colours.line }, onZero: false },
      axisTick: { lineStyle: { color: colours.line } },
    },
    yAxis: {
      type: "value",
      ...extent(property, series.steps),
      axisLabel: { color: colours.soft, formatter: words.tick },
      splitLine: { lineStyle: { color: colours.line } },
    },
    series: lines(points, isTruth, colours),
  };
}
