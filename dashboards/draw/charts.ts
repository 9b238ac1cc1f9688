import type { EChartsCoreOption } from "echarts/core";
import type { Mark } from "./annotations.ts";
import { COLORS, colorOf, FONT, PALETTE, reducedValue } from "./look.ts";
import { type PanelData, PanelError, type PanelJson, type Range } from "./model.ts";
import { format } from "./units.ts";

/** What ECharts draws of a panel; the other kinds are text (text.ts). */
export function chartOption(
  panel: PanelJson,
  data: PanelData,
  range: Range,
  marks: readonly Mark[] = [],
): EChartsCoreOption {
  switch (panel.type) {
    case "gauge":
      return gaugeOption(panel, data);
    case "timeseries":
      return timeSeriesOption(panel, data, range, marks);
    default:
      throw new PanelError(panel, `type "${panel.type}" is not known`);
  }
}

export const CHARTS: readonly string[] = ["gauge", "timeseries"];

const defaultsOf = (panel: PanelJson) => panel.fieldConfig?.defaults ?? {};

function gaugeOption(panel: PanelJson, data: PanelData): EChartsCoreOption {
  const { unit, decimals, min = 0, max = 1, thresholds } = defaultsOf(panel);
  const value = reducedValue(panel, data.series[0]);
  const steps = thresholds?.steps ?? [];
  const share = (limit: number | null | undefined) => Math.min(1, Math.max(0, ((limit ?? max) - min) / (max - min)));
  const bands = steps.map(({ color }, n) => [share(steps[n + 1]?.value), colorOf(color)]);
  return {
    animation: false,
    series: [
      {
        type: "gauge",
        min,
        max,
        startAngle: 200,
        endAngle: -20,
        radius: "100%",
        center: ["50%", "62%"],
        axisLine: { lineStyle: { width: 5, color: bands.length > 0 ? bands : [[1, COLORS.good]] } },
        progress: { show: true, width: 16, itemStyle: { color: colorAt(panel, value) } },
        pointer: { show: false },
        axisTick: { show: false },
        splitLine: { show: false },
        axisLabel: { show: false },
        detail: {
          offsetCenter: [0, "-8%"],
          fontSize: 24,
          fontFamily: FONT,
          color: colorAt(panel, value),
          formatter: () => (value === undefined ? "no data" : format(value, unit, decimals)),
        },
        data: [{ value: value ?? min }],
      },
    ],
  };
}

/** The color of the highest threshold that the value reaches. */
export function colorAt(panel: PanelJson, value: number | undefined): string {
  if (value === undefined) return COLORS.faint;
  const reached = (defaultsOf(panel).thresholds?.steps ?? []).filter(
    (step) => step.value === null || value >= step.value,
  );
  return colorOf(reached.at(-1)?.color ?? "green");
}

function timeSeriesOption(panel: PanelJson, data: PanelData, range: Range, marks: readonly Mark[]): EChartsCoreOption {
  const { unit, decimals, min, max, thresholds, custom } = defaultsOf(panel);
  const write = (value: number) => format(value, unit, decimals);
  const highest = Math.max(
    0,
    ...data.series.flatMap(({ points }) => points.map(([, value]) => value)).filter(Number.isFinite),
  );
  const limits = custom?.thresholdsStyle?.mode === "line" ? (thresholds?.steps ?? []) : [];
  const lines = limits.flatMap(({ value, color }) =>
    // A limit far above all values would press them to the ground.
    value !== null && (max !== undefined || value <= Math.max(highest * 8, Number.MIN_VALUE))
      ? [{ yAxis: value, lineStyle: { color: colorOf(color), type: "dashed", width: 1 } }]
      : [],
  );
  const top = Math.max(0, ...lines.map(({ yAxis }) => yAxis), highest);
  const stacked = custom?.stacking?.mode === "normal";
  const legend = legendOf(panel, data, write);
  return {
    animation: false,
    useUTC: true,
    color: PALETTE,
    textStyle: { fontFamily: FONT },
    grid: { left: 62, right: 14, top: 10, bottom: 24 + legend.rows * LEGEND_ROW },
    legend: {
      bottom: 0,
      left: 0,
      type: "plain",
      itemWidth: 14,
      itemHeight: 4,
      icon: "rect",
      textStyle: { color: COLORS.text, fontSize: 11, fontFamily: FONT },
      itemGap: 16,
      data: legend.names,
      formatter: (name: string) => `${name}  ${lastOf(data, name, write)}`,
    },
    tooltip: { trigger: "axis", valueFormatter: (value: unknown) => (typeof value === "number" ? write(value) : "–") },
    axisPointer: { link: [{ xAxisIndex: "all" }] },
    xAxis: {
      type: "time",
      splitNumber: Math.max(2, Math.floor(widthOf(panel) / 110)),
      min: range.from * 1000,
      max: range.to * 1000,
      axisLabel: { color: COLORS.faint, fontSize: 10, hideOverlap: true, formatter: "{HH}:{mm}" },
      axisLine: { lineStyle: { color: COLORS.line } },
    },
    yAxis: {
      type: "value",
      min: min ?? null,
      max: max ?? (stacked || top === 0 ? null : top * 1.1),
      splitNumber: 3,
      axisLabel: { color: COLORS.faint, fontSize: 10, formatter: write, showMaxLabel: max !== undefined },
      splitLine: { lineStyle: { color: COLORS.line } },
    },
    series: [
      ...data.series.map(({ name, points }, n) => ({
        type: "line",
        name,
        showSymbol: points.length === 1,
        symbolSize: 4,
        connectNulls: false,
        lineStyle: { width: 1.8 },
        areaStyle: { opacity: (custom?.fillOpacity ?? 0) / 100 },
        ...(stacked ? { stack: "all" } : {}),
        data: points.map(([time, value]) => [time * 1000, Number.isFinite(value) ? value : null]),
        ...(n === 0 && lines.length > 0
          ? { markLine: { silent: true, symbol: "none", label: { show: false }, data: lines } }
          : {}),
      })),
      ...exemplarPoints(data, top),
      ...(marks.length > 0 ? [markSeries(marks)] : []),
    ],
  };
}

const LEGEND_ROW = 22;
/** More rows would leave no room for the lines. */
const LEGEND_ROWS = 2;

/** About as wide as it will be drawn. */
const widthOf = ({ gridPos }: PanelJson) => gridPos.w * 60;

/** The names that fit, those with the largest newest value first where not all do; and how many rows they take. */
function legendOf(panel: PanelJson, data: PanelData, write: (value: number) => string) {
  const all = [...new Set(data.series.map(({ name }) => name))];
  const last = (name: string) => data.series.find((one) => one.name === name)?.points.at(-1)?.[1] ?? 0;
  const wide = (name: string) => 36 + 7 * (name.length + 2 + lastOf(data, name, write).length);
  const rowsOf = (names: string[]) => {
    let rows = 1;
    let used = 0;
    for (const name of names) {
      if (used > 0 && used + wide(name) > widthOf(panel)) {
        rows++;
        used = 0;
      }
      used += wide(name);
    }
    return rows;
  };
  if (rowsOf(all) <= LEGEND_ROWS) return { names: all, rows: rowsOf(all) };
  const names = all.toSorted((a, b) => last(b) - last(a));
  while (rowsOf(names) > LEGEND_ROWS) names.pop();
  return { names, rows: LEGEND_ROWS };
}

/** A series without points that carries the marks; its name is not in the legend. */
function markSeries(marks: readonly Mark[]) {
  const at = (time: number) => time * 1000;
  return {
    type: "line",
    name: "",
    data: [],
    markLine: {
      symbol: "none",
      label: { show: false },
      data: marks.map(({ from, text, color }) => ({
        xAxis: at(from),
        name: text,
        lineStyle: { color: colorOf(color), type: "solid", width: 1, opacity: 0.5 },
      })),
    },
    markArea: {
      silent: true,
      data: marks
        .filter(({ from, to }) => to > from)
        .map(({ from, to, color }) => [
          { xAxis: at(from), itemStyle: { color: colorOf(color), opacity: 0.03 } },
          { xAxis: at(to) },
        ]),
    },
    tooltip: { formatter: ({ name }: { name: string }) => name },
  };
}

function exemplarPoints({ exemplars }: PanelData, top: number) {
  if (exemplars.length === 0) return [];
  const data = exemplars.map(({ time, value, traceId }) => ({
    value: [time * 1000, Math.min(value, top || value)],
    traceId,
  }));
  return [
    {
      type: "scatter",
      name: "trace",
      symbol: "diamond",
      symbolSize: 7,
      itemStyle: { color: COLORS.link },
      data,
      cursor: "pointer",
    },
  ];
}

function lastOf(data: PanelData, name: string, write: (value: number) => string): string {
  const points = data.series.find((series) => series.name === name)?.points ?? [];
  const last = points.findLast(([, value]) => Number.isFinite(value));
  return last ? write(last[1]) : name === "trace" ? "" : "no data";
}
