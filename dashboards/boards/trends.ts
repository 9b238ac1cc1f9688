import { board } from "../library/board.ts";
import * as q from "../library/queries.ts";
import { lines, number } from "../library/short.ts";
import { lowerBound, SIGNALS, type SignalName, seasonCount, signal, upperBound } from "../library/signals.ts";
import { BASELINE_DAYS } from "../thresholds.ts";

/** "Trends" of the diagram, and the tuning process' "analyze trends": now against a week before, and against the usual. */
export const trends = () =>
  board({
    uid: "trends",
    title: "Trends",
    description:
      "Is it becoming worse? Each line with the week before, and each signal within what is usual at this hour.",
    tags: ["overview"],
    from: "now-24h",
    refresh: "1m",
    rows: [
      { title: "Change against the week before", panels: changes() },
      { title: "Week over week", panels: weeks() },
      { title: "What is usual at this hour", panels: usual() },
      { title: "Where it leads", panels: forecasts() },
    ],
  });

const weekBefore = (expr: string) => expr.replaceAll(/\[(\w+)\]/g, "[$1] offset 1w");
const change = (expr: string) => `${group(expr)} / ${group(weekBefore(expr))} - 1`;
const group = (expr: string) => `(${expr})`;

const WATCHED: readonly [title: string, unit: string, expr: string, worse: string][] = [
  ["Response Time", "s", q.responseQuantile(0.95, "1h"), "95th percentile of the gateway's answers over an hour."],
  ["Answers per Second", "reqps", q.answersPerSecond("1h"), "All answers of the gateway over an hour."],
  ["Share of Errors", "percentunit", q.errorShare("1h"), "Answers with status 500 or more, over an hour."],
  ["Query Time", "s", q.queryQuantile(0.95, "1h"), "95th percentile of statements and transactions over an hour."],
  ["Job Time", "s", q.jobQuantile(0.95, "1h"), "95th percentile of jobs over an hour."],
  [
    "Memory of the Service",
    "bytes",
    "sum(avg_over_time(nodejs_heap_size_used_bytes[1h]))",
    "Heap in use. It should not grow from week to week.",
  ],
];

const changes = () =>
  WATCHED.slice(0, 4).map(([title, , expr, text]) =>
    number(
      `${title}, Change`,
      "percentunit",
      `${text} Against the same hour a week before; "no data" without a week of data.`,
      [change(expr)],
    ),
  );

const weeks = () =>
  WATCHED.map(([title, unit, expr, text]) =>
    lines(title, unit, `${text} The second line is the week before.`, [
      [expr, "now"],
      [weekBefore(expr), "a week before"],
    ]),
  );

const usual = () => [
  number(
    "Baseline",
    "short",
    `Days of data at this hour. Below ${BASELINE_DAYS} no anomaly is reported: there is no baseline yet.`,
    (Object.keys(SIGNALS) as SignalName[]).map(
      (name) => [`sum(${seasonCount(name)}) or vector(0)`, SIGNALS[name].title] as const,
    ),
    {
      decimals: 0,
      height: 6,
      words: Object.fromEntries(
        Array.from({ length: BASELINE_DAYS }, (_, n) => [n, { text: `no baseline yet (${n} d)`, color: "#EAB839" }]),
      ),
    },
  ),
  ...(Object.keys(SIGNALS) as SignalName[]).map((name) =>
    lines(
      `${SIGNALS[name].title}, Usual`,
      SIGNALS[name].unit,
      "The signal between its bounds: median of the days before at this hour, and the usual distance from it (MAD).",
      [
        [signal(name), "now"],
        [upperBound(name), "upper bound"],
        [lowerBound(name), "lower bound"],
      ],
      { span: 6 },
    ),
  ),
];

const forecasts = () => [
  lines(
    "Disk in Four Days",
    "percentunit",
    "Free share of the fullest disk now, and as the last six hours would lead to.",
    [
      ["min(node_filesystem_avail_bytes / node_filesystem_size_bytes)", "free now"],
      [`clamp(min(${q.diskFreeIn(4 * 86_400)}), 0, 1)`, "free in four days"],
    ],
  ),
  lines("Database in 30 Days", "bytes", "Size of all databases now, and as the last day would lead to.", [
    ["sum(max by (datname) (pg_database_size_bytes))", "now"],
    ["clamp_min(sum(predict_linear(pg_database_size_bytes[1d], 2592000)), 0)", "in 30 days"],
  ]),
  lines(
    "Connections in an Hour",
    "percentunit",
    "Share of connection slots now, and as the last half hour would lead to.",
    [
      [`max(${q.connectionShare()})`, "now"],
      [`clamp(max(${q.connectionShareIn(3600)}), 0, 1)`, "in an hour"],
    ],
  ),
];
