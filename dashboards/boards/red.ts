import {
  BUILD_INFO,
  ERRORS_TOTAL,
  HTTP_REQUEST_DURATION_SECONDS as HTTP,
  RATE_LIMIT_DECISIONS_TOTAL,
} from "@media/service/metric-names";
import { board } from "../library/board.ts";
import { lines, rows } from "../library/short.ts";
import * as limit from "../thresholds.ts";

const ROUTE = '{job="api",route=~"$route",method=~"$method"}';
const COUNT = `rate(${HTTP}_count${ROUTE}[$__rate_interval])`;
const FAILED = `rate(${HTTP}_count{job="api",route=~"$route",method=~"$method",status=~"5.."}[$__rate_interval])`;
const BUCKET = `rate(${HTTP}_bucket${ROUTE}[$__rate_interval])`;
const VERSION = `* on (pod) group_left (version) ${BUILD_INFO}{version=~"$version"}`;

/** Rate, errors and duration of the api, by route and by version. */
export const red = () =>
  board({
    uid: "red",
    title: "Routes (RED)",
    description:
      "Rate, errors and duration of each route of the api: which one is slow, which one fails, since which version.",
    tags: ["service"],
    variables: [
      { name: "route", label: "Route", from: { metric: `${HTTP}_count{job="api"}`, label: "route" }, all: true },
      { name: "method", label: "Method", from: { metric: `${HTTP}_count{job="api"}`, label: "method" }, all: true },
      { name: "version", label: "Version", from: { metric: `${BUILD_INFO}{job="api"}`, label: "version" }, all: true },
    ],
    rows: [
      { title: "By route", panels: byRoute() },
      { title: "By version", panels: byVersion() },
      { title: "What is refused", panels: refused() },
    ],
  });

const byRoute = () => [
  lines(
    "Rate",
    "reqps",
    "Answers of the api by route.",
    [[`sum by (method, route) (${COUNT})`, "{{method}} {{route}}"]],
    {
      stacked: true,
    },
  ),
  lines(
    "Errors",
    "percentunit",
    "Share of each route's answers with status 500 or more. Only routes that have some.",
    [[`sum by (method, route) (${FAILED}) / sum by (method, route) (${COUNT}) or vector(0)`, "{{method}} {{route}}"]],
    { limit: limit.ERROR_SHARE },
  ),
  lines(
    "Duration",
    "s",
    "95th percentile by route, with traces of the slowest.",
    [[`histogram_quantile(0.95, sum by (le, method, route) (${BUCKET}))`, "{{method}} {{route}}"]],
    { limit: limit.RESPONSE_SECONDS },
  ),
  rows(
    "Slowest Routes",
    "s",
    "95th percentile over the chosen time, slowest first.",
    `histogram_quantile(0.95, sum by (le, method, route) (rate(${HTTP}_bucket${ROUTE}[$__range])))`,
    { method: "method", route: "route", Value: "p95" },
  ),
  rows(
    "Where the Time Goes",
    "s",
    "Seconds of work that each route took in the chosen time: rate times duration. What is first repays work first.",
    `sum by (method, route) (increase(${HTTP}_sum${ROUTE}[$__range]))`,
    { method: "method", route: "route", Value: "seconds" },
  ),
];

const byVersion = () => [
  lines("Rate by Version", "reqps", "Answers by the version that gave them.", [
    [`sum by (version) (${COUNT} ${VERSION})`, "{{version}}"],
  ]),
  lines("Errors by Version", "percentunit", "Share of each version's answers with status 500 or more.", [
    [
      `(sum by (version) (${FAILED} ${VERSION}) or 0 * sum by (version) (${COUNT} ${VERSION})) / sum by (version) (${COUNT} ${VERSION})`,
      "{{version}}",
    ],
  ]),
  lines("Duration by Version", "s", "95th percentile by version.", [
    [`histogram_quantile(0.95, sum by (le, version) (${BUCKET} ${VERSION}))`, "{{version}}"],
  ]),
];

const refused = () => [
  lines("Statuses", "reqps", "Answers of the api by status.", [[`sum by (status) (${COUNT})`, "{{status}}"]], {
    stacked: true,
  }),
  lines("Problems", "ops", "Problems by code, as docs and /problems/<code> explain them.", [
    [`sum by (code) (rate(${ERRORS_TOTAL}[$__rate_interval])) or vector(0)`, "{{code}}"],
  ]),
  lines("Rate Limit", "ops", "Decisions of the rate limit. Store memory: Redis could not be asked.", [
    [`sum by (decision, store) (rate(${RATE_LIMIT_DECISIONS_TOTAL}[$__rate_interval]))`, "{{decision}} ({{store}})"],
  ]),
];
