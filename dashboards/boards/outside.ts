import {
  ANSWER_LOOKUPS_TOTAL,
  CERTIFICATE_EXPIRY_TIMESTAMP_SECONDS,
  CIRCUIT_STATE,
  FALLBACKS_TOTAL,
  PROBE_DURATION_SECONDS,
  PROBE_LAST_SUCCESS_TIMESTAMP_SECONDS,
  RETRIES_TOTAL,
  UPSTREAM_REQUEST_DURATION_SECONDS as UPSTREAM,
} from "@media/service/metric-names";
import { board } from "../library/board.ts";
import * as q from "../library/queries.ts";
import { lines, number, states, UP_DOWN } from "../library/short.ts";
import { CERTIFICATE_SECONDS } from "../thresholds.ts";

const rate = (metric: string) => `rate(${metric}[$__rate_interval])`;

/** TMDB, Plex, YouTube and Overseerr, as the prober and the service see them. */
export const outside = () =>
  board({
    uid: "outside",
    title: "Outside services",
    description: "Do TMDB, Plex, YouTube and Overseerr answer, and what does the service do when one does not?",
    tags: ["service"],
    rows: [
      { title: "Health", panels: health() },
      { title: "Calls of the service", panels: calls() },
      { title: "What keeps a failure small", panels: kept() },
    ],
  });

const health = () => [
  states(
    "Probes",
    "Whether each service answered as documented. One probe a minute.",
    [q.outsideHealth(), "{{service}}"],
    UP_DOWN,
  ),
  lines(
    "Duration of a Probe",
    "s",
    "By service, retries included.",
    [[`max by (service) (${PROBE_DURATION_SECONDS})`, "{{service}}"]],
    { span: 6 },
  ),
  number(
    "Certificates",
    "s",
    "Until the certificate that users are shown ends.",
    [[`min by (service) (${CERTIFICATE_EXPIRY_TIMESTAMP_SECONDS} - time())`, "{{service}}"]],
    { limit: CERTIFICATE_SECONDS, lessIsWorse: true, height: 6 },
  ),
  number(
    "Since It Last Answered",
    "s",
    "By service. More than a few minutes: see the runbook OutsideServiceDown.",
    [[`time() - max by (service) (${PROBE_LAST_SUCCESS_TIMESTAMP_SECONDS})`, "{{service}}"]],
    { span: 6, height: 6 },
  ),
];

const calls = () => [
  lines("Calls", "reqps", "By service, retries counted one by one.", [
    [`sum by (upstream) (${rate(`${UPSTREAM}_count`)})`, "{{upstream}}"],
  ]),
  lines(
    "Outcomes",
    "reqps",
    "By outcome, over all services.",
    [[`sum by (outcome) (${rate(`${UPSTREAM}_count`)})`, "{{outcome}}"]],
    { stacked: true },
  ),
  lines("Duration", "s", "95th percentile of a call, by service.", [
    [`histogram_quantile(0.95, sum by (le, upstream) (${rate(`${UPSTREAM}_bucket`)}))`, "{{upstream}}"],
  ]),
];

const kept = () => [
  states(
    "Breakers",
    "A breaker that is open does not let calls through, until a probe succeeds.",
    [`max by (dependency) (${CIRCUIT_STATE})`, "{{dependency}}"],
    {
      0: { text: "closed", color: "green" },
      1: { text: "half open", color: "#EAB839" },
      2: { text: "open", color: "red" },
    },
    { height: 8 },
  ),
  lines(
    "Retries and Fallbacks",
    "ops",
    "Second tries of a call, and answers taken from the cache instead.",
    [
      [`sum(${rate(RETRIES_TOTAL)}) or vector(0)`, "retries"],
      [`sum(${rate(FALLBACKS_TOTAL)}) or vector(0)`, "fallbacks"],
    ],
    { span: 6, height: 8 },
  ),
  lines(
    "Kept Answers",
    "ops",
    "Look-ups in the cache of answers, by result.",
    [[`sum by (result) (${rate(ANSWER_LOOKUPS_TOTAL)})`, "{{result}}"]],
    {
      span: 6,
      height: 8,
    },
  ),
];
