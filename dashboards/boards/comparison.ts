import { BUILD_INFO, HTTP_REQUEST_DURATION_SECONDS as HTTP } from "@media/service/metric-names";
import { board } from "../library/board.ts";
import * as q from "../library/queries.ts";
import { lines, number } from "../library/short.ts";

/**
 * "Comparison" of the diagram: two versions side by side while both run, two stacks, and two times: load runs, days, before and
 * after a change.
 */
export const comparison = () =>
  board({
    uid: "comparison",
    title: "Comparison",
    description:
      "Two versions that run beside each other, this stack against another one, and now against an earlier time: take as long ago as the other load run began.",
    tags: ["overview"],
    from: "now-1h",
    refresh: "30s",
    variables: [
      { name: "a", label: "Version A", from: { metric: BUILD_INFO, label: "version" }, all: true },
      { name: "b", label: "Version B", from: { metric: BUILD_INFO, label: "version" }, all: true },
      { name: "ago", label: "Against", from: ["10m", "30m", "1h", "6h", "1d", "7d"] },
    ],
    rows: [
      { title: "Two versions", panels: versions() },
      { title: "Two stacks", panels: stacks() },
      { title: "Two times, as a number", panels: numbers() },
      { title: "Two times, as lines", panels: times() },
    ],
  });

const of = (version: string, expr: string) =>
  `${expr} * on (pod) group_left (version) ${BUILD_INFO}{version=~"$${version}"}`;
const both = (build: (version: string) => string) =>
  [
    [build("a"), "A"],
    [build("b"), "B"],
  ] as const;

const rate = (metric: string, matchers = "") => `rate(${metric}${matchers}[$__rate_interval])`;

const versions = () => [
  lines(
    "Requests",
    "reqps",
    "Answers of the api's processes of each version. Nothing to compare where one has no traffic.",
    both((v) => `sum(${of(v, rate(`${HTTP}_count`))})`),
  ),
  lines(
    "Errors",
    "percentunit",
    "Share of answers with status 500 or more, by version.",
    both(
      (v) =>
        `(sum(${of(v, rate(`${HTTP}_count`, '{status=~"5.."}'))}) or vector(0)) / sum(${of(v, rate(`${HTTP}_count`))})`,
    ),
  ),
  lines(
    "Response Time",
    "s",
    "95th percentile of the api's answers, by version.",
    both((v) => `histogram_quantile(0.95, sum by (le) (${of(v, rate(`${HTTP}_bucket`))}))`),
  ),
  lines(
    "CPU",
    "short",
    "Cores that the processes of each version use.",
    both((v) => `sum(${of(v, rate("process_cpu_seconds_total"))})`),
  ),
  lines(
    "Heap",
    "bytes",
    "Heap in use by the processes of each version.",
    both((v) => `sum(${of(v, "nodejs_heap_size_used_bytes")})`),
  ),
  lines(
    "Event Loop Delay",
    "s",
    "99th percentile of the event loop's delay, the worst process of each version.",
    both((v) => `max(${of(v, "nodejs_eventloop_lag_p99_seconds")})`),
  ),
];

const earlier = (expr: string) => expr.replaceAll(/\[(\$?\w+)\]/g, "[$1] offset $ago");

const WATCHED: readonly [title: string, unit: string, (window: string) => string, text: string][] = [
  ["Traffic", "reqps", q.answersPerSecond, "Answers of the gateway per second."],
  ["Response Time p95", "s", (w) => q.responseQuantile(0.95, w), "95th percentile of the gateway's answers."],
  ["Response Time p99", "s", (w) => q.responseQuantile(0.99, w), "99th percentile of the gateway's answers."],
  ["Error Share", "percentunit", q.errorShare, "Share of answers with status 500 or more."],
  ["Query Time p95", "s", (w) => q.queryQuantile(0.95, w), "95th percentile of statements and transactions."],
  ["Node CPU", "percentunit", (w) => `avg(${q.cpuShare(w)})`, "Share of the nodes' cores at work."],
];

const numbers = () =>
  WATCHED.map(([title, unit, build, text]) =>
    number(
      title,
      unit,
      `${text} Over ten minutes: now, and as long before as is picked.`,
      [
        [build("10m"), "now"],
        [earlier(build("10m")), "before"],
      ],
      { span: 4 },
    ),
  );

const OTHER =
  "The other stack's line is there where one is named: make dashboards OTHER=staging, or grafana.otherPrometheusUrl.";

const stacks = () =>
  WATCHED.map(([title, unit, build, text]) =>
    lines(`${title}, by Stack`, unit, `${text} ${OTHER}`, [
      [build("$__rate_interval"), "this stack"],
      [build("$__rate_interval"), "other stack", "other"],
    ]),
  );

const times = () =>
  WATCHED.map(([title, unit, build, text]) =>
    lines(`${title}, over Time`, unit, `${text} The second line is as long before as is picked.`, [
      [build("$__rate_interval"), "now"],
      [earlier(build("$__rate_interval")), "before"],
    ]),
  );
