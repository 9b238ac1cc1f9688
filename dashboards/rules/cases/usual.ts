import {
  ANOMALY_DEVIATIONS,
  ANOMALY_SHARE,
  BASELINE_DAYS,
  ERROR_TRAFFIC_FLOOR,
  RESPONSE_SECONDS,
} from "../../thresholds.ts";
import { EGRESS_FLOOR, REQUESTS_FLOOR } from "../anomaly.ts";
import { HEAP_FLOOR_BYTES } from "../trend.ts";
import { type Case, type Course, gauge, pieces } from "./case.ts";

const HOUR = 3600;
const DAY = 86_400;

interface Usual {
  median: number;
  mad?: number;
  days?: number;
  now: number;
}
/** What the recording rules say of a signal. */
const signal = (name: string, { median, mad = 1, days = BASELINE_DAYS, now }: Usual): Record<string, Course> => ({
  [`media:signal{signal="${name}"}`]: gauge(now),
  [`media:signal_median{signal="${name}"}`]: gauge(median),
  [`media:signal_mad{signal="${name}"}`]: gauge(mad),
  [`media:signal_seasons{signal="${name}"}`]: gauge(days),
});

const distance = (median: number, mad: number) => 1.4826 * ANOMALY_DEVIATIONS * mad + ANOMALY_SHARE * median;
const long = { lasts: 3000 } as const;

const anomalies: readonly Case[] = [
  {
    rule: "TrafficUnusual",
    ...long,
    series: (now) => signal("answers", { median: 10, now }),
    silent: 10 + distance(10, 1) - 0.001,
    fires: 10 + distance(10, 1) + 0.001,
    step: { from: 10, to: 100, after: 600 },
  },
  {
    rule: "TrafficUnusual",
    ...long,
    series: (now) => signal("answers", { median: 10, now }),
    silent: 10 - distance(10, 1) + 0.001,
    fires: 10 - distance(10, 1) - 0.001,
  },
  // Two days are no baseline.
  {
    rule: "TrafficUnusual",
    ...long,
    series: (days) => signal("answers", { median: 10, days, now: 100 }),
    silent: BASELINE_DAYS - 1,
    fires: BASELINE_DAYS,
  },
  {
    rule: "TrafficUnusual",
    ...long,
    series: (median) => signal("answers", { median, now: 100 }),
    silent: ERROR_TRAFFIC_FLOOR,
    fires: ERROR_TRAFFIC_FLOOR + 0.001,
  },
  {
    rule: "ResponseTimeUnusual",
    ...long,
    series: (now) => ({
      ...signal("answers", { median: 10, now: 10 }),
      ...signal("response", { median: 0.1, mad: 0.01, now }),
    }),
    silent: 0.1 + distance(0.1, 0.01) - 0.0001,
    fires: 0.1 + distance(0.1, 0.01) + 0.0001,
    step: { from: 0.1, to: 1, after: 600 },
  },
  {
    rule: "ResponseTimeUnusual",
    ...long,
    series: (days) => ({
      ...signal("answers", { median: 10, now: 10 }),
      ...signal("response", { median: 0.1, mad: 0.01, days, now: 1 }),
    }),
    silent: BASELINE_DAYS - 1,
    fires: BASELINE_DAYS,
  },
  {
    rule: "ResponseTimeUnusual",
    ...long,
    series: (median) => ({
      ...signal("answers", { median, now: 10 }),
      ...signal("response", { median: 0.1, mad: 0.01, now: 1 }),
    }),
    silent: ERROR_TRAFFIC_FLOOR,
    fires: ERROR_TRAFFIC_FLOOR + 0.001,
  },
  {
    rule: "RequestsUnusual",
    ...long,
    series: (now) => signal("requests", { median: 100, mad: 5, now }),
    silent: 100 - distance(100, 5) + 0.01,
    fires: 100 - distance(100, 5) - 0.01,
    step: { from: 100, to: 0, after: 900 },
  },
  {
    rule: "RequestsUnusual",
    ...long,
    series: (days) => signal("requests", { median: 100, days, now: 0 }),
    silent: BASELINE_DAYS - 1,
    fires: BASELINE_DAYS,
  },
  {
    rule: "RequestsUnusual",
    ...long,
    series: (median) => signal("requests", { median, mad: 0.1, now: 0 }),
    silent: REQUESTS_FLOOR,
    fires: REQUESTS_FLOOR + 0.001,
  },
];

/** Bytes that leave, beside as many answers as usual. */
const egress = (usual: Usual, answers = 10) => ({
  ...signal("answers", { median: 10, now: answers }),
  ...signal("egress", usual),
});

const leaving: readonly Case[] = [
  {
    rule: "EgressUnusual",
    ...long,
    series: (now) => egress({ median: 5000, mad: 100, now }),
    silent: 5000 + distance(5000, 100) - 1,
    fires: 5000 + distance(5000, 100) + 1,
    step: { from: 5000, to: 500_000, after: 600 },
  },
  {
    rule: "EgressUnusual",
    ...long,
    series: (days) => egress({ median: 5000, days, now: 500_000 }),
    silent: BASELINE_DAYS - 1,
    fires: BASELINE_DAYS,
  },
  {
    rule: "EgressUnusual",
    ...long,
    series: (median) => egress({ median, now: 500_000 }),
    silent: EGRESS_FLOOR,
    fires: EGRESS_FLOOR + 1,
  },
  // With more answers than usual there are more bytes.
  {
    rule: "EgressUnusual",
    ...long,
    series: (answers) => egress({ median: 5000, now: 500_000 }, answers),
    silent: 10 + distance(10, 1) + 0.001,
    fires: 10 + distance(10, 1) - 0.001,
  },
];

/** Nine days in steps of half an hour: usual, busy (which must not count), usual again, and the last day. */
const nineDays = (name: string, usual: number, busy: number, last: number): Record<string, Course> => ({
  [`media:signal{signal="${name}"}`]: pieces([3 * DAY, usual], [3 * DAY, busy], [2 * DAY, usual], [DAY, last]),
});
const half = { every: HOUR / 2, lasts: 9 * DAY } as const;

const trends: readonly Case[] = [
  {
    rule: "ResponseTimeWorsens",
    ...half,
    series: (last) => nineDays("response", 0.2, 0.6, last),
    silent: 0.2999,
    fires: 0.3001,
    // Six hours are half as slow again after 90 minutes at 0.6 s; then it waits for 30.
    also: [
      {
        series: nineDays("response", 0.2, 0.6, 0.6),
        lasts: 9 * DAY,
        moments: [
          [8 * DAY + 1.5 * HOUR, 0],
          [8 * DAY + 2 * HOUR, 1],
        ],
      },
    ],
  },
  {
    rule: "ResponseTimeWorsens",
    ...half,
    series: (last) => nineDays("response", 0.02, 0.6, last),
    silent: RESPONSE_SECONDS.warning / 2,
    fires: RESPONSE_SECONDS.warning / 2 + 0.001,
  },
  {
    rule: "RequestsFall",
    ...half,
    series: (last) => nineDays("requests", 30, 12, last),
    silent: 20,
    fires: 19.99,
    also: [
      {
        series: nineDays("requests", 30, 12, 0),
        lasts: 9 * DAY,
        moments: [
          [8 * DAY + 2 * HOUR, 0],
          [8 * DAY + 2.5 * HOUR, 1],
        ],
      },
    ],
  },
  {
    rule: "RequestsFall",
    ...half,
    series: (usual) => nineDays("requests", usual, 12, 0),
    silent: REQUESTS_FLOOR,
    fires: REQUESTS_FLOOR + 0.001,
  },
  {
    rule: "HeapGrows",
    every: 300,
    lasts: 12 * HOUR,
    series: (bytes) => heap(2 * HEAP_FLOOR_BYTES, bytes),
    silent: 3 * HEAP_FLOOR_BYTES,
    fires: 3 * HEAP_FLOOR_BYTES + 1,
    // An hour without the old value, and half an hour's wait.
    also: [
      {
        series: heap(2 * HEAP_FLOOR_BYTES, 4 * HEAP_FLOOR_BYTES),
        lasts: 12 * HOUR,
        moments: [
          [10 * HOUR + 5400 - 600, 0],
          [10 * HOUR + 5400 + 300, 1],
        ],
      },
    ],
  },
  {
    rule: "HeapGrows",
    every: 300,
    lasts: 12 * HOUR,
    series: (bytes) => heap(HEAP_FLOOR_BYTES / 2, bytes),
    silent: HEAP_FLOOR_BYTES,
    fires: HEAP_FLOOR_BYTES + 1,
  },
];

function heap(before: number, now: number): Record<string, Course> {
  const sawtooth = pieces([6.5 * HOUR, before], [HOUR, before * 1.9], [2.5 * HOUR, before], [2 * HOUR, now]);
  return { 'nodejs_heap_size_used_bytes{pod="a"}': sawtooth };
}

/** What is not usual at this hour, and what became worse than a week before. */
export const USUAL: readonly Case[] = [...anomalies, ...leaving, ...trends];
