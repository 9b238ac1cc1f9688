import { BURN_ANSWERS, ERROR_TRAFFIC_FLOOR, LOW_TRAFFIC_ERRORS, LOW_TRAFFIC_SHARE } from "../../thresholds.ts";
import { burnCases, type Stretch } from "./burns.ts";
import { type Case, type Course, counter, type Piece } from "./case.ts";

const MINUTE = 60;
const HOUR = 3600;
const DAY = 86_400;

/** Answers of the gateway: a share of them are errors. */
const errors = (share: number, perSecond = 10): Record<string, Course> => ({
  'gateway_http_responses_total{status="200"}': counter(perSecond * (1 - share)),
  'gateway_http_responses_total{status="503"}': counter(perSecond * share),
});
const errorsInPieces = (...parts: readonly Piece[]): Record<string, Course> => ({
  'gateway_http_responses_total{status="200"}': { rates: parts.map(([time, share]) => [time, 10 * (1 - share)]) },
  'gateway_http_responses_total{status="503"}': { rates: parts.map(([time, share]) => [time, 10 * share]) },
});

const BUCKET = 'gateway_http_request_duration_seconds_bucket{source="service",le=';
const durations = (inTime: Course, all: Course): Record<string, Course> => ({
  [`${BUCKET}"0.1"}`]: counter(0),
  [`${BUCKET}"0.3"}`]: inTime,
  [`${BUCKET}"+Inf"}`]: all,
  'gateway_http_request_duration_seconds_count{source="service"}': all,
  'gateway_http_responses_total{status="200"}': all,
});
/** A share of the answers takes longer than the objective. */
const slow = (share: number, perSecond = 10) => durations(counter(perSecond * (1 - share)), counter(perSecond));
const slowInPieces = (...parts: readonly Piece[]) =>
  durations(
    { rates: parts.map(([time, share]) => [time, 10 * (1 - share)]) },
    { rates: parts.map(([time]) => [time, 10]) },
  );

type Build = typeof errors;
type InPieces = typeof errorsInPieces;

/** Both speeds of an objective whose budget is such a share of the answers. */
const burns = (name: string, budget: number, build: Build, inPieces: InPieces): Case[] => [
  {
    rule: `${name}BudgetBurnsFast`,
    every: MINUTE,
    lasts: 16 * HOUR,
    series: build,
    // What lasts is caught by the slower of the two pairs.
    silent: budget * 5.99,
    fires: budget * 6.01,
    // The faster pair: an hour holds a share of 14.4 budgets after 8.64 minutes at 100 budgets.
    step: { from: 0, to: Math.min(1, budget * 100), after: 9 * MINUTE },
    also: [
      {
        // A burst that only the faster pair sees: it ends when five minutes are good again.
        series: inPieces([7 * HOUR, 0], [9 * MINUTE, budget * 99], [HOUR, 0]),
        lasts: 8 * HOUR + 9 * MINUTE,
        moments: [
          [7 * HOUR + 7 * MINUTE, 0],
          [7 * HOUR + 8 * MINUTE, 1],
          [7 * HOUR + 14 * MINUTE, 0],
        ],
      },
      {
        // A long fault that only the slower pair sees: its end shows in half an hour.
        series: inPieces([7 * HOUR, 0], [5 * HOUR, budget * 14], [2 * HOUR, 0]),
        lasts: 14 * HOUR,
        moments: [
          [7 * HOUR + 2.5 * HOUR, 0],
          [7 * HOUR + 2.65 * HOUR, 1],
          [12 * HOUR + 1020 - 120, 1],
          [12 * HOUR + 1020 + 180, 0],
        ],
      },
    ],
  },
  {
    rule: `${name}BudgetBurnsFast`,
    every: MINUTE,
    lasts: 16 * HOUR,
    series: (answers) => build(1, answers / (6 * HOUR)),
    silent: BURN_ANSWERS * 0.99,
    fires: BURN_ANSWERS * 1.01,
  },
  {
    rule: `${name}BudgetBurnsSlowly`,
    every: 15 * MINUTE,
    lasts: 8 * DAY,
    series: build,
    silent: budget * 0.99,
    fires: budget * 1.01,
    // A day holds three budgets' share after 7.2 hours at ten budgets; then it waits.
    step: { from: 0, to: budget * 10, after: 7.2 * HOUR + 15 * MINUTE },
    also: [
      {
        series: inPieces([4 * DAY, 0], [8 * HOUR, budget * 10], [DAY, 0]),
        lasts: 5 * DAY + 8 * HOUR,
        moments: [
          // Six hours hold less than one budget's share.
          [4 * DAY + 8 * HOUR + 4.75 * HOUR, 1],
          [4 * DAY + 8 * HOUR + 5.75 * HOUR, 0],
        ],
      },
      {
        series: inPieces([4 * DAY, 0], [2.5 * DAY, budget * 2], [DAY, 0]),
        lasts: 7.5 * DAY,
        moments: [
          [4 * DAY + 1.45 * DAY, 0],
          [4 * DAY + 1.6 * DAY, 1],
          [6.5 * DAY + 2.5 * HOUR, 1],
          [6.5 * DAY + 3.5 * HOUR, 0],
        ],
      },
    ],
  },
  {
    rule: `${name}BudgetBurnsSlowly`,
    every: 15 * MINUTE,
    lasts: 5 * DAY,
    series: (answers) => build(1, answers / (3 * DAY)),
    silent: BURN_ANSWERS * 0.99,
    fires: BURN_ANSWERS * 1.01,
  },
];

const good = (stretches: readonly Stretch[]): Course => ({
  rates: stretches.map(([time, all, bad]) => [time, all - bad]),
});

/** What was promised, and how fast its budget burns. */
export const OBJECTIVES: readonly Case[] = [
  ...burns("Error", 0.001, errors, errorsInPieces),
  ...burns("Latency", 0.01, slow, slowInPieces),
  ...burnCases("Error", 0.001, (stretches) => ({
    'gateway_http_responses_total{status="200"}': good(stretches),
    'gateway_http_responses_total{status="503"}': { rates: stretches.map(([time, , bad]) => [time, bad]) },
  })),
  ...burnCases("Latency", 0.01, (stretches) =>
    durations(good(stretches), { rates: stretches.map(([time, all]) => [time, all]) }),
  ),
  {
    rule: "ErrorsAtLowTraffic",
    series: (count) => errors(1, count / 600),
    silent: LOW_TRAFFIC_ERRORS - 0.01,
    fires: LOW_TRAFFIC_ERRORS + 0.01,
    lasts: 1800,
    // One a minute, all failing.
    step: { from: 0, to: 10, after: 300 },
  },
  {
    rule: "ErrorsAtLowTraffic",
    series: (share) => errors(share, 0.09),
    silent: LOW_TRAFFIC_SHARE - 0.01,
    fires: LOW_TRAFFIC_SHARE + 0.01,
    lasts: 1800,
  },
  {
    rule: "ErrorsAtLowTraffic",
    series: (perSecond) => errors(1, perSecond),
    silent: ERROR_TRAFFIC_FLOOR * 1.01,
    fires: ERROR_TRAFFIC_FLOOR * 0.99,
    lasts: 1800,
    quietFrom: 900,
  },
];
