import * as common from "@grafana/grafana-foundation-sdk/common";
import * as sdk from "@grafana/grafana-foundation-sdk/dashboard";
import { PanelBuilder as Gauge } from "@grafana/grafana-foundation-sdk/gauge";
import { PanelBuilder as Logs } from "@grafana/grafana-foundation-sdk/logs";
import { DataqueryBuilder as LokiQuery } from "@grafana/grafana-foundation-sdk/loki";
import { DataqueryBuilder as PrometheusQuery } from "@grafana/grafana-foundation-sdk/prometheus";
import { PanelBuilder as Stat } from "@grafana/grafana-foundation-sdk/stat";
import { PanelBuilder as StateTimeline } from "@grafana/grafana-foundation-sdk/statetimeline";
import { PanelBuilder as Table } from "@grafana/grafana-foundation-sdk/table";
import { PanelBuilder as TimeSeries } from "@grafana/grafana-foundation-sdk/timeseries";
import type { Threshold } from "../thresholds.ts";
import { SOURCES } from "./sources.ts";

const MIXED = { type: "datasource", uid: "-- Mixed --" } as const;

/** One question of a panel, and the name of what comes back: `{{label}}` is replaced by the series' label. */
export interface Query {
  expr: string;
  legend?: string;
  /** Asked of another stack's Prometheus. @default the stack's own */
  ofOther?: boolean;
}

export interface PanelArgs {
  title: string;
  /** What it shows and what to do about it. */
  description: string;
  queries: readonly Query[];
  /** Unit by Grafana's id, such as "percentunit" or "s". */
  unit: string;
  /** Where it turns yellow and red. @default no thresholds */
  thresholds?: Threshold;
  /** Less is worse: the thresholds are read downwards. @default false */
  lessIsWorse?: boolean;
  /** @default the unit's own */
  decimals?: number;
  /** Width in 24ths of the row. @default 6 */
  span?: number;
  /** Height in units of 30 pixels. @default 6 */
  height?: number;
  /** Words for values, such as { 0: "down", 1: "up" }. */
  words?: Readonly<Record<number, { text: string; color: string }>>;
}

type AnyPanel = Gauge | Stat | StateTimeline | TimeSeries | Table;

const GREEN = "green";
const YELLOW = "#EAB839";
const RED = "red";

function steps({ thresholds, lessIsWorse }: PanelArgs): sdk.ThresholdsConfigBuilder {
  const builder = new sdk.ThresholdsConfigBuilder().mode(sdk.ThresholdsMode.Absolute);
  // The first step has no value: it begins at minus infinity. JSON has no such number, so Grafana writes null.
  const first = null as unknown as number;
  if (!thresholds) return builder.steps([{ value: first, color: GREEN }]);
  const { warning, critical } = thresholds;
  if (!lessIsWorse)
    return builder.steps([
      { value: first, color: GREEN },
      { value: warning, color: YELLOW },
      { value: critical, color: RED },
    ]);
  return builder.steps([
    { value: first, color: RED },
    { value: critical, color: YELLOW },
    { value: warning, color: GREEN },
  ]);
}

function withCommon<P extends AnyPanel>(panel: P, args: PanelArgs, instant: boolean): P {
  const isMixed = args.queries.some(({ ofOther }) => ofOther);
  panel
    .title(args.title)
    .description(args.description)
    .datasource(isMixed ? MIXED : SOURCES.prometheus)
    .unit(args.unit)
    .thresholds(steps(args))
    .span(args.span ?? 6)
    .height(args.height ?? 6);
  if (args.decimals !== undefined) panel.decimals(args.decimals);
  if (args.words) panel.mappings([valueMap(args.words)]);
  args.queries.forEach(({ expr, legend, ofOther }, n) => {
    const query = new PrometheusQuery().expr(expr).refId(refId(n));
    if (isMixed) query.datasource(ofOther ? SOURCES.other : SOURCES.prometheus);
    if (legend) query.legendFormat(legend);
    panel.withTarget(instant ? query.instant() : query.range().exemplar(true));
  });
  return panel;
}

const refId = (n: number) => String.fromCharCode("A".charCodeAt(0) + n);

function valueMap(words: NonNullable<PanelArgs["words"]>): sdk.ValueMap {
  const entries = Object.entries(words).map(([value, { text, color }], index) => [value, { text, color, index }]);
  return { type: sdk.MappingType.ValueToText, options: Object.fromEntries(entries) } as sdk.ValueMap;
}

const lastValue = () => new common.ReduceDataOptionsBuilder().calcs(["lastNotNull"]).values(false).fields("");

/** A dial from `min` to `max`, for a share of a whole. */
export function gauge(args: PanelArgs & { min?: number; max?: number }): Gauge {
  return withCommon(new Gauge(), args, true)
    .min(args.min ?? 0)
    .max(args.max ?? 1)
    .reduceOptions(lastValue())
    .showThresholdMarkers(true);
}

/** The newest value in large type, with its course behind it where `trend` is set. */
export function stat(args: PanelArgs & { trend?: boolean }): Stat {
  return withCommon(new Stat(), args, args.trend !== true)
    .reduceOptions(lastValue())
    .graphMode(args.trend ? common.BigValueGraphMode.Area : common.BigValueGraphMode.None)
    .colorMode(common.BigValueColorMode.Value)
    .textMode(common.BigValueTextMode.Auto);
}

/** Lines over time, with the thresholds drawn across and a legend that has the newest value. */
export function timeSeries(args: PanelArgs & { stacked?: boolean; max?: number }): TimeSeries {
  const panel = withCommon(new TimeSeries(), args, false)
    .min(0)
    .fillOpacity(args.stacked ? 30 : 8)
    .lineWidth(2)
    .legend(
      new common.VizLegendOptionsBuilder()
        .showLegend(true)
        .displayMode(common.LegendDisplayMode.List)
        .placement(common.LegendPlacement.Bottom)
        .calcs(["lastNotNull"]),
    )
    .tooltip(new common.VizTooltipOptionsBuilder().mode(common.TooltipDisplayMode.Multi));
  if (args.stacked) panel.stacking(new common.StackingConfigBuilder().mode(common.StackingMode.Normal));
  if (args.thresholds)
    panel.thresholdsStyle(new common.GraphThresholdsStyleConfigBuilder().mode(common.GraphThresholdsStyleMode.Line));
  if (args.max !== undefined) panel.max(args.max);
  return panel;
}

/** A bar for each thing, colored by its value's word: what was what, and when that changed. */
export function stateTimeline(args: PanelArgs & { words: NonNullable<PanelArgs["words"]> }): StateTimeline {
  return withCommon(new StateTimeline(), args, false).showValue(common.VisibilityMode.Never);
}

/** Rows with the named labels as columns; `Value` names the number. */
export function table(args: PanelArgs & { columns: Readonly<Record<string, string>> }): Table {
  const panel = withCommon(new Table(), args, true).showHeader(true);
  const names = Object.keys(args.columns);
  const indexByName = Object.fromEntries(names.map((name, index) => [name, index]));
  panel.withTransformation({
    id: "organize",
    options: {
      includeByName: Object.fromEntries(names.map((n) => [n, true])),
      indexByName,
      renameByName: args.columns,
    },
  });
  return panel;
}

/** Lines of the log that a LogQL query finds in the last `hours`, newest first. */
export function logs(
  args: Pick<PanelArgs, "title" | "description" | "span" | "height"> & { expr: string; hours: number },
): Logs {
  return new Logs()
    .title(args.title)
    .description(args.description)
    .datasource(SOURCES.loki)
    .span(args.span ?? 12)
    .height(args.height ?? 8)
    .timeFrom(`${args.hours}h`)
    .showTime(true)
    .wrapLogMessage(false)
    .sortOrder(common.LogsSortOrder.Descending)
    .enableLogDetails(true)
    .withTarget(new LokiQuery().expr(args.expr).refId("A").maxLines(50));
}
