import { hasBaseline, lowerBound, median, type SignalName, signal, upperBound } from "../library/signals.ts";
import { ERROR_TRAFFIC_FLOOR } from "../thresholds.ts";
import type { Rule } from "./rule.ts";

/** Only where the days before tell what is usual, and there is enough of it: a share of almost nothing says nothing. */
const judged = (verdict: string, name: SignalName, usual: SignalName, floor: number) =>
  `${verdict} and ${hasBaseline(name)} and on () ${median(usual)} > ${floor}`;
const higher = (name: SignalName) => `${signal(name)} > (${upperBound(name)})`;
const lower = (name: SignalName) => `${signal(name)} < (${lowerBound(name)})`;
/** Requests for media in an hour that are usual at least. */
export const REQUESTS_FLOOR = 10;

/** Bytes a second that usually leave at least. */
export const EGRESS_FLOOR = 1000;

export const anomalyRules: readonly Rule[] = [
  {
    name: "TrafficUnusual",
    category: "application",
    severity: "warning",
    expr: judged(`(${higher("answers")} or ${lower("answers")})`, "answers", "answers", ERROR_TRAFFIC_FLOOR),
    every: "1m",
    for: "10m",
    summary: "Traffic is {{ $value | humanize }} answers per second, which is not usual at this hour",
    description:
      "Far more or far fewer answers than at this hour of the days before: an attack, a campaign, or users who cannot reach us.",
    dashboard: { uid: "trends", panel: "Traffic, Usual" },
  },
  {
    name: "ResponseTimeUnusual",
    category: "application",
    severity: "info",
    expr: judged(higher("response"), "response", "answers", ERROR_TRAFFIC_FLOOR),
    every: "1m",
    for: "10m",
    summary: "5 of 100 answers take longer than {{ $value | humanizeDuration }}, which is not usual at this hour",
    description: "The objective may still be kept, but something became slower than on the days before.",
    dashboard: { uid: "trends", panel: "Response Time, Usual" },
  },
  {
    name: "RequestsUnusual",
    category: "business",
    severity: "warning",
    expr: judged(lower("requests"), "requests", "requests", REQUESTS_FLOOR),
    every: "1m",
    for: "15m",
    summary: "Only {{ $value | humanize }} requests for media came in an hour, which is not usual at this hour",
    description: "Users come and do not ask for media: a page or a search may be broken without an error.",
    dashboard: { uid: "trends", panel: "Requests for Media per Hour, Usual" },
  },
  {
    name: "EgressUnusual",
    category: "security",
    severity: "warning",
    // More visits make more bytes: that is TrafficUnusual.
    expr: judged(`(${higher("egress")} unless on () ${higher("answers")})`, "egress", "egress", EGRESS_FLOOR),
    every: "1m",
    for: "10m",
    summary: "{{ $value | humanize1024 }}B a second leave our pods, which is not usual at this hour",
    description:
      "Far more bytes than on the days before, without more answers: data may be leaving through a pod that was taken over.",
    dashboard: { uid: "trends", panel: "Egress, Usual" },
  },
];
