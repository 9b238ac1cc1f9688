import * as limit from "../../thresholds.ts";
import { afterStart, type Case, type Course, counter, gauge, once, onceBefore, pieces } from "./case.ts";

/** Answers of the gateway: so many a second, and a share of them errors. */
const answers = (share: number, perSecond = 20) => ({
  'gateway_http_responses_total{status="200"}': counter(perSecond * (1 - share)),
  'gateway_http_responses_total{status="503"}': counter(perSecond * share),
});

const durations = (shareInTime: number) => ({
  'gateway_http_request_duration_seconds_bucket{source="service",le="0.3"}': counter(10 * shareInTime),
  'gateway_http_request_duration_seconds_bucket{source="service",le="0.5"}': counter(10),
  'gateway_http_request_duration_seconds_bucket{source="service",le="+Inf"}': counter(10),
  // Pages come in other times.
  'gateway_http_request_duration_seconds_bucket{source="web",le="0.3"}': counter(0),
  'gateway_http_request_duration_seconds_bucket{source="web",le="+Inf"}': counter(1000),
  ...answers(0),
});

/** All answers take longer than the objective. */
const slow = (answered: Course): Record<string, Course> => ({
  'gateway_http_request_duration_seconds_bucket{source="service",le="0.3"}': counter(0),
  'gateway_http_request_duration_seconds_bucket{source="service",le="0.5"}': answered,
  'gateway_http_request_duration_seconds_bucket{source="service",le="+Inf"}': answered,
  'gateway_http_responses_total{status="200"}': answered,
});

/** What users get from the service. */
export const APPLICATION: readonly Case[] = [
  {
    rule: "ErrorRateHigh",
    series: answers,
    silent: limit.ERROR_SHARE.critical,
    fires: limit.ERROR_SHARE.critical + 0.001,
    step: { from: 0, to: 0.1, after: 150 + 60 },
  },
  {
    // One error of two in an hour of almost no traffic says nothing.
    rule: "ErrorRateHigh",
    series: (perSecond) => answers(0.5, perSecond),
    silent: limit.ERROR_TRAFFIC_FLOOR * 0.99,
    fires: limit.ERROR_TRAFFIC_FLOOR * 1.01,
  },
  {
    rule: "ErrorRateHigh",
    lasts: 1800,
    series: (share) => answers(share),
    silent: limit.ERROR_SHARE.critical,
    fires: limit.ERROR_SHARE.critical + 0.001,
    also: [
      {
        // As many errors as before among a tenth of the answers: a share of 5 % after most of five minutes.
        series: {
          'gateway_http_responses_total{status="200"}': {
            rates: [
              [900, 99],
              [900, 9],
            ],
          },
          'gateway_http_responses_total{status="503"}': counter(1),
        },
        lasts: 1800,
        moments: [
          [900 + 267 + 60 - 45, 0],
          [900 + 267 + 60 + 45, 1],
        ],
      },
      {
        // Half of the answers are errors, and after a while there are enough of them.
        series: {
          'gateway_http_responses_total{status="200"}': {
            rates: [
              [900, 0.01],
              [900, 0.075],
            ],
          },
          'gateway_http_responses_total{status="503"}': {
            rates: [
              [900, 0.01],
              [900, 0.075],
            ],
          },
        },
        lasts: 1800,
        moments: [
          [900 + 185 + 60 - 45, 0],
          [900 + 185 + 60 + 45, 1],
        ],
      },
    ],
  },
  // The number is the share of answers within the objective: with 95 of 100 it is just kept.
  {
    rule: "ResponseTimeHigh",
    series: durations,
    silent: 0.951,
    fires: 0.949,
    lasts: 1800,
    step: { from: 1, to: 0.9, after: 150 + 300 },
  },
  {
    // All are slow; it counts where there are enough of them.
    rule: "ResponseTimeHigh",
    lasts: 3000,
    series: (perSecond) => slow(counter(perSecond)),
    silent: limit.ERROR_TRAFFIC_FLOOR * 0.99,
    fires: limit.ERROR_TRAFFIC_FLOOR * 1.01,
    also: [
      {
        series: slow({
          rates: [
            [1500, 0.02],
            [1500, 0.15],
          ],
        }),
        lasts: 3000,
        moments: [
          [1500 + 185 + 300 - 45, 0],
          [1500 + 185 + 300 + 45, 1],
        ],
      },
    ],
  },
  {
    rule: "ServiceDown",
    series: (up) => ({ 'up{job="api",instance="a"}': gauge(0), 'up{job="api",instance="b"}': gauge(up) }),
    silent: 1,
    fires: 0,
    step: { from: 1, to: 0, after: 30 },
    also: [
      ...afterStart(
        30,
        { 'up{job="api",instance="a"}': gauge(0), 'up{job="web",instance="a"}': gauge(1) },
        (seconds, rest) => ({ 'up{job="api",instance="a"}': pieces([seconds, 1], [rest, 0]) }),
      ),
      // A standby stack has no api.
      { series: { 'pg_followed_age_seconds{pod="a"}': gauge(0) }, lasts: 900, moments: [[600, 0]] },
    ],
  },
  {
    rule: "ErrorGroupNew",
    series: (perSecond) => ({
      'media_error_groups_total{change="new"}': counter(perSecond),
      'media_error_groups_total{change="back"}': counter(perSecond),
    }),
    alerts: 2,
    silent: 0,
    fires: 0.3 / 600,
    lasts: 3000,
    also: [once('media_error_groups_total{change="new"}')],
  },
  {
    rule: "ErrorGroupNew",
    series: (ago) => ({ 'media_error_groups_total{change="new"}': onceBefore(840, ago, 900) }),
    silent: 645,
    fires: 555,
  },
];
