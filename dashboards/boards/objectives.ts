import { board } from "../library/board.ts";
import { BURNS, burnRate, errorsLeft, OBJECTIVES, type ObjectiveName } from "../library/objectives.ts";
import * as q from "../library/queries.ts";
import { lines, number, rows } from "../library/short.ts";
import * as limit from "../thresholds.ts";

const names = Object.keys(OBJECTIVES) as ObjectiveName[];

/** Objectives and error budgets, from what users get: the gateway's answers. */
export const objectives = () =>
  board({
    uid: "objectives",
    title: "SLOs and error budgets",
    description: "What was promised, how much of the month's error budget is left, and how fast it burns.",
    tags: ["overview"],
    from: "now-24h",
    refresh: "1m",
    rows: [
      { title: "Budgets", panels: budgets() },
      { title: "Burn rates: 1 uses the budget up in exactly 30 days", panels: names.map(burns) },
      { title: "Promises", panels: promises() },
    ],
  });

const budgets = () => [
  ...names.map((name) =>
    number(
      `Budget Left, ${OBJECTIVES[name].title}`,
      "percentunit",
      `Of the budget of 30 days, or of what Prometheus has of them. Objective: ${OBJECTIVES[name].ratio * 100} %. Below 0, it is broken.`,
      [`1 - (${burnRate(name, "30d")})`],
      { limit: { warning: 0.5, critical: 0.1 }, lessIsWorse: true, decimals: 1, span: 6 },
    ),
  ),
  number(
    "Uptime",
    "percentunit",
    "Answers without an error of ours: hour, day, month.",
    [
      [q.availability("1h"), "hour"],
      [q.availability("1d"), "day"],
      [q.availability("30d"), "30 days"],
    ],
    { limit: limit.AVAILABILITY_SHARE, lessIsWorse: true, decimals: 3, span: 6 },
  ),
  number(
    "Errors Left",
    "short",
    "How many more errors the budget of this month's traffic allows.",
    [errorsLeft("30d")],
    { decimals: 0, span: 6 },
  ),
];

const burns = (name: ObjectiveName) =>
  lines(
    `Burn Rate, ${OBJECTIVES[name].title}`,
    "short",
    `By window. Pages at ${BURNS.map(({ factor, long }) => `${factor} over ${long}`).join(", ")}, each with its short window.`,
    ["5m", "1h", "6h", "1d"].map((window) => [burnRate(name, window), window] as const),
    { limit: limit.BURN_RATE, span: 12, height: 8 },
  );

const promises = () => [
  lines(
    "Availability",
    "percentunit",
    "Share of answers without an error of ours, over an hour.",
    [[q.availability("1h"), "availability"]],
    {
      limit: limit.AVAILABILITY_SHARE,
      lessIsWorse: true,
      max: 1,
      span: 12,
    },
  ),
  rows(
    "Alerts of Budgets",
    "short",
    "Those that fire now.",
    'ALERTS{alertstate="firing",alertname=~".*Budget.*|ErrorsAtLowTraffic"}',
    {
      alertname: "alert",
      severity: "severity",
    },
  ),
];
