// Part by part: the whole library takes 40 MB more.
import * as echarts from "echarts/core";
import "echarts/lib/chart/line";
import "echarts/lib/component/gridSimple";
import "echarts/lib/component/legendPlain";
import "echarts/lib/component/markLine";
import "echarts/lib/component/title";
import { SVGRenderer } from "echarts/renderers";
import type { Histogram } from "../results/histogram.ts";
import type { Interval, Series } from "../results/result.ts";

const COLOURS = ["#2563eb", "#d97706", "#059669", "#dc2626", "#7c3aed", "#0891b2", "#be185d", "#4d7c0f", "#475569"];
const FONT = "system-ui, sans-serif";
/** What each text, path and drawing says, and the page says once or has no need of. */
const REPEATED =
  / pointer-events="visible"| style="font-size:10px;font-family:system-ui, sans-serif;"| xmlns(?::xlink)?="[^"]*"| version="1.1" baseProfile="full"/g;
/** For the page that holds the drawings. */
export const CHART_STYLE = `svg text{font:10px ${FONT}}`;

echarts.use(SVGRenderer);

export interface Line {
  readonly name: string;
  readonly points: readonly (readonly [number, number])[];
  readonly dashed?: boolean;
}

export interface Plot {
  readonly title: string;
  readonly lines: readonly Line[];
  readonly x: string;
  readonly y: string;
  readonly xLog?: boolean;
  readonly yLog?: boolean;
  readonly xTick?: (value: number) => string;
  readonly yTick?: (value: number) => string;
  /** Marked across the plot, with a name. */
  readonly bounds?: readonly { readonly name: string; readonly y: number }[];
  readonly width?: number;
  readonly height?: number;
}

/** Draws lines as an SVG that needs no script, for a page with `CHART_STYLE`. */
export function draw({ title, lines, width = 1080, height = 300, ...plot }: Plot): string {
  const chart = echarts.init(null, null, { renderer: "svg", ssr: true, width, height });
  const named = lines.length > 1 && lines.length <= 12;
  chart.setOption({
    animation: false,
    color: COLOURS,
    textStyle: { fontFamily: FONT },
    title: { text: title, left: 4, top: 2, textStyle: { fontSize: 13, fontWeight: 600 } },
    legend: named
      ? { top: 24, left: 4, type: "plain", itemWidth: 14, itemHeight: 6, textStyle: { fontSize: 10 } }
      : undefined,
    grid: { left: 64, right: 24, top: named ? 64 : 40, bottom: 40 },
    xAxis: {
      type: plot.xLog ? "log" : "value",
      name: plot.x,
      nameLocation: "middle",
      nameGap: 24,
      nameTextStyle: { fontSize: 10 },
      min: "dataMin",
      max: "dataMax",
      axisLabel: { fontSize: 10, showMaxLabel: !plot.xLog, ...(plot.xTick && { formatter: plot.xTick }) },
      splitLine: { lineStyle: { color: "#eee" } },
    },
    yAxis: {
      type: plot.yLog ? "log" : "value",
      name: plot.y,
      nameTextStyle: { fontSize: 10, align: "left" },
      nameGap: 8,
      axisLabel: { fontSize: 10, ...(plot.yTick && { formatter: plot.yTick }) },
      splitLine: { lineStyle: { color: "#eee" } },
    },
    series: lines.map((line, index) => ({
      name: line.name,
      type: "line",
      showSymbol: line.points.length === 1,
      lineStyle: { width: 1.5, type: line.dashed ? "dashed" : "solid" },
      data: line.points.map(([x, y]) => [round(x), round(y)]),
      ...(index === 0 &&
        plot.bounds && {
          markLine: {
            symbol: "none",
            lineStyle: { color: "#991b1b", type: "dashed" },
            label: { formatter: "{b}", position: "insideEndTop", fontSize: 10 },
            data: plot.bounds.map(({ name, y }) => ({ name, yAxis: y })),
          },
        }),
    })),
  });
  const svg = chart.renderToSVGString();
  chart.dispose();
  return svg.replaceAll(REPEATED, "");
}

const round = (value: number) => Number(value.toPrecision(5));

/** A point per step of the axis, so that long runs stay small; the highest value of each is kept. */
export function thinned(points: readonly (readonly [number, number])[], most = 240): (readonly [number, number])[] {
  const size = Math.ceil(points.length / most);
  if (size <= 1) return [...points];
  return Array.from({ length: Math.ceil(points.length / size) }, (_, index) => {
    const group = points.slice(index * size, (index + 1) * size);
    return [group[0]?.[0] ?? 0, Math.max(...group.map(([, y]) => y))] as const;
  });
}

/** The whole distribution: latency in milliseconds at each percentile, drawn against 1 / (1 - percentile). */
export function spectrum(name: string, histogram: Histogram): Line {
  const points: (readonly [number, number])[] = [];
  const { totalCount } = histogram;
  for (let nines = 1; nines <= totalCount && points.length < 120; nines *= 1.12) {
    points.push([nines, Math.max(0.001, histogram.getValueAtPercentile((1 - 1 / nines) * 100) / 1_000)]);
  }
  if (totalCount > 0) points.push([totalCount, histogram.maxValue / 1_000]);
  return { name, points };
}

/** `1 / (1 - p)` as the percentile it stands for. */
export const percentileTick = (x: number) => {
  const percentile = (1 - 1 / x) * 100;
  return x === 1 ? "min" : `${Number(percentile.toPrecision(percentile > 99 ? 6 : 3))}%`;
};

export const over = (intervals: readonly Interval[], of: (interval: Interval) => number) =>
  thinned(intervals.map((interval) => [interval.atSeconds, of(interval)] as const));

const MEBIBYTE = 1_048_576;

const TIER_POINTS = 80;

/** One plot of each figure of a tier. */
export function drawTier(series: readonly Series[], startedAt: string): string[] {
  const begin = Date.parse(startedAt) / 1_000;
  return [...Map.groupBy(series, ({ name }) => name)].map(([name, group]) => {
    const bytes = group[0]?.unit === "bytes";
    const lines = group.slice(0, 9).map(({ of, points }) => ({
      name: of || name,
      // A point each five pixels: with all of them the page of an hour's run is 1.6 MB.
      points: thinned(
        points.map(({ at, value }) => [at - begin, bytes ? value / MEBIBYTE : value] as const),
        TIER_POINTS,
      ),
    }));
    const unit = bytes ? "MiB" : (group[0]?.unit ?? "");
    return draw({ title: name, lines, x: "s", y: unit, width: 530, height: 210 });
  });
}
