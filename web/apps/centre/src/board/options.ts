/** Charts as plain data for ECharts, in the colours of the design tokens. */
import type { EChartsCoreOption } from "echarts/core";
import { isFaultRate, missesTarget } from "../format";
import type { IndicatorDefinition, IndicatorRow, Trends } from "../types";

/** Colours of a chart, read from the tokens where it is drawn. */
export interface ChartColours {
  /** The font in force: charts measure their labels with it. */
  readonly font: string;
  readonly ink: string;
  readonly soft: string;
  readonly line: string;
  readonly surface: string;
  readonly opened: string;
  readonly closed: string;
  readonly late: string;
  readonly soon: string;
  readonly bar: string;
}

/** Reads the colours in force at an element: the wall has its own. */
export function chartColours(at: Element = document.documentElement): ChartColours {
  const style = getComputedStyle(at);
  const token = (name: string, fallback: string) => style.getPropertyValue(name).trim() || fallback;
  return {
    font: style.fontFamily || "sans-serif",
    ink: token("--ink", "#15212c"),
    soft: token("--ink-soft", "#4a5763"),
    line: token("--line", "#d9ddd8"),
    surface: token("--surface", "#ffffff"),
    opened: token("--chart-1", "#0072b2"),
    closed: token("--chart-3", "#009e73"),
    late: token("--late-mark", "#c2263a"),
    soon: token("--soon-mark", "#e0920c"),
    bar: token("--chart-1", "#0072b2"),
  };
}

function base(colours: ChartColours) {
  return {
    animation: false,
    aria: { enabled: true },
    textStyle: { fontFamily: colours.font, color: colours.ink },
    tooltip: { trigger: "axis", backgroundColor: colours.surface, borderColor: colours.line, textStyle: { color: colours.ink, fontSize: 12 } },
  };
}

/** Names of the three lines. */
export interface TrendNames {
  readonly opened: string;
  readonly closed: string;
  readonly late: string;
}

/** Reported, ended and missed per day: lines told apart by dash and symbol as well as by colour. */
export function trendOption({ days }: Trends, names: TrendNames, colours: ChartColours): EChartsCoreOption {
  const line = (key: keyof TrendNames, symbol: string, dash: "solid" | "dashed" | "dotted") => ({
    type: "line",
    name: names[key],
    data: days.map((day) => day[key]),
    symbol,
    symbolSize: days.length > 45 ? 0 : 6,
    lineStyle: { color: colours[key], width: 2, type: dash },
    itemStyle: { color: colours[key] },
    ...(key === "opened" ? { areaStyle: { color: colours.opened, opacity: 0.07 } } : {}),
  });
  return {
    ...base(colours),
    legend: { top: 0, right: 0, textStyle: { color: colours.soft }, itemWidth: 22, itemGap: 18 },
    grid: { top: 34, right: 12, bottom: 4, left: 4, containLabel: true },
    xAxis: {
      type: "category",
      boundaryGap: false,
      data: days.map(({ date }) => date.slice(5)),
      axisLabel: { color: colours.soft, hideOverlap: true },
      axisLine: { lineStyle: { color: colours.line } },
      axisTick: { show: false },
    },
    yAxis: { type: "value", minInterval: 1, axisLabel: { color: colours.soft }, splitLine: { lineStyle: { color: colours.line } } },
    series: [line("opened", "circle", "solid"), line("closed", "rect", "dashed"), line("late", "diamond", "solid")],
  };
}

/** Rows in the order of an indicator, the worst first where there is a target. */
export function ranked(rows: readonly IndicatorRow[], definition: IndicatorDefinition): IndicatorRow[] {
  const { id, target } = definition;
  const value = (row: IndicatorRow) => row.values[id]?.value ?? null;
  const sign = target === undefined || target === null || isFaultRate(definition) ? -1 : 1;
  return rows.filter((row) => value(row) !== null).sort((a, b) => sign * ((value(a) ?? 0) - (value(b) ?? 0)));
}

/** One indicator over its groups, with the target as a line; bars that miss it are hatched as well as red. */
export function rankOption(
  rows: readonly IndicatorRow[],
  definition: IndicatorDefinition,
  name: (row: IndicatorRow) => string,
  show: (value: number) => string,
  colours: ChartColours,
): EChartsCoreOption {
  const reversed = [...rows].reverse();
  const values = reversed.map((row) => row.values[definition.id]?.value ?? 0);
  const target = definition.target ?? null;
  const floor = definition.unit === "ratio" && Math.min(...values, target ?? 1) > 0.6 ? 0.5 : 0;
  return {
    ...base(colours),
    tooltip: { ...base(colours).tooltip, valueFormatter: (value: unknown) => show(Number(value)) },
    grid: { top: 22, right: 54, bottom: 4, left: 4, containLabel: true },
    xAxis: {
      type: "value",
      min: floor,
      ...(definition.unit === "ratio" ? { max: 1 } : {}),
      axisLabel: { color: colours.soft, formatter: (value: number) => show(value) },
      splitLine: { lineStyle: { color: colours.line } },
    },
    yAxis: {
      type: "category",
      data: reversed.map(name),
      axisLabel: { color: colours.ink, width: 130, overflow: "truncate" },
      axisTick: { show: false },
      axisLine: { lineStyle: { color: colours.line } },
    },
    series: [
      {
        type: "bar",
        barMaxWidth: 18,
        data: values.map((value) => ({
          value,
          itemStyle: missesTarget(value, definition)
            ? {
                color: colours.late,
                decal: { symbol: "rect", dashArrayX: [1, 0], dashArrayY: [2, 4], rotation: -Math.PI / 4, color: "rgba(255,255,255,0.45)" },
              }
            : { color: colours.bar },
        })),
        label: { show: true, position: "right", color: colours.ink, formatter: ({ value }: { value: number }) => show(value) },
        ...(target === null
          ? {}
          : {
              markLine: {
                silent: true,
                symbol: "none",
                lineStyle: { color: colours.ink, type: "dashed" },
                label: { color: colours.soft, formatter: () => show(target) },
                data: [{ xAxis: target }],
              },
            }),
      },
    ],
  };
}
