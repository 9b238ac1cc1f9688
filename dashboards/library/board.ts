import type { Builder } from "@grafana/grafana-foundation-sdk/cog";
import * as sdk from "@grafana/grafana-foundation-sdk/dashboard";
import { ANNOTATIONS, type Annotation } from "./annotations.ts";
import { layOut, type Place } from "./layout.ts";
import { SOURCES } from "./sources.ts";

export type PanelBuilder = Builder<sdk.Panel>;
export interface Row {
  title: string;
  panels: readonly PanelBuilder[];
}

/** A picker above the board; `$name` in a panel's query is replaced by what is picked. */
export interface Variable {
  name: string;
  label: string;
  /** `label_values(metric, label)`, or the values themselves. */
  from: { metric: string; label: string } | readonly string[];
  /** Also offers everything, as the regular expression `.+`, and begins with it. @default false */
  all?: boolean;
}

export interface BoardArgs {
  uid: string;
  title: string;
  description: string;
  tags: readonly string[];
  /** @default the last hour */
  from?: string;
  /** @default 10s */
  refresh?: string;
  /** @default none */
  variables?: readonly Variable[];
  /** Marks drawn through all lines over time. @default deploys, alerts and changes of PostgreSQL's primary */
  annotations?: readonly Annotation[];
  rows: readonly Row[];
}

/** Version 1 JSON, as Grafana's file provisioning reads it; panels are numbered from 1 in their order. */
export function board(args: BoardArgs) {
  const { uid, title, description, tags, from = "now-1h", refresh = "10s", rows } = args;
  const builder = new sdk.DashboardBuilder(title)
    .uid(uid)
    .description(description)
    .tags(["media", ...tags])
    .readonly()
    .timezone("utc")
    .tooltip(sdk.DashboardCursorSync.Crosshair)
    .time({ from, to: "now" })
    .refresh(refresh)
    .link(linkToTheOthers());
  for (const one of args.variables ?? []) builder.withVariable(variable(one));
  for (const one of args.annotations ?? ANNOTATIONS) builder.annotation(annotation(one));
  for (const row of rows) {
    builder.withRow(new sdk.RowBuilder(row.title));
    for (const panel of row.panels) builder.withPanel(panel);
  }
  const built = builder.build();
  const places = layOut(built.panels ?? []);
  (built.panels ?? []).forEach((panel, n) => {
    panel.id = n + 1;
    panel.gridPos = places[n] as Place;
  });
  return built;
}

/** A menu of all boards of ours, which keeps the time and what is picked. */
const linkToTheOthers = () =>
  new sdk.DashboardLinkBuilder("Dashboards")
    .type(sdk.DashboardLinkType.Dashboards)
    .tags(["media"])
    .asDropdown(true)
    .keepTime(true)
    .includeVars(true);

const annotation = ({ name, expr, title, color }: Annotation) =>
  new sdk.AnnotationQueryBuilder()
    .name(name)
    .datasource(SOURCES.prometheus)
    .enable(true)
    .expr(expr)
    .titleFormat(title)
    .step("15s")
    .iconColor(color);

function variable({ name, label, from, all = false }: Variable): Builder<sdk.VariableModel> {
  if ("metric" in from) {
    const builder = new sdk.QueryVariableBuilder(name)
      .label(label)
      .datasource(SOURCES.prometheus)
      .query(`label_values(${from.metric}, ${from.label})`)
      .refresh(sdk.VariableRefresh.OnTimeRangeChanged)
      .sort(sdk.VariableSort.AlphabeticalAsc)
      .multi(all)
      .includeAll(all);
    return all ? builder.allValue(".+").current({ text: "All", value: "$__all", selected: true }) : builder;
  }
  const [first = ""] = from;
  return new sdk.CustomVariableBuilder(name)
    .label(label)
    .values(from.join(","))
    .current({ text: first, value: first, selected: true });
}
