import { signal } from "../library/signals.ts";
import { RESPONSE_SECONDS, TREND_FACTOR } from "../thresholds.ts";
import { REQUESTS_FLOOR } from "./anomaly.ts";
import type { Rule } from "./rule.ts";

const over = (expr: string, window: string) => `avg_over_time(${expr}[${window}])`;
const earlier = (expr: string, window: string, offset: string) => `avg_over_time(${expr}[${window}] offset ${offset})`;
const HEAP = "nodejs_heap_size_used_bytes";
/** Heap below which growth does not matter. */
export const HEAP_FLOOR_BYTES = 50_000_000;

export const trendRules: readonly Rule[] = [
  {
    name: "ResponseTimeWorsens",
    category: "application",
    severity: "info",
    expr: `${over(signal("response"), "6h")} > ${TREND_FACTOR} * ${earlier(signal("response"), "6h", "1w")} and ${over(signal("response"), "6h")} > ${RESPONSE_SECONDS.warning / 2}`,
    every: "1m",
    for: "30m",
    summary:
      "Over six hours, 5 of 100 answers took longer than {{ $value | humanizeDuration }}: half as long again as a week before",
    description:
      "A slow change that no single moment shows: a release, more data, or a cache that is too small by now.",
    dashboard: { uid: "trends", panel: "Response Time" },
  },
  {
    name: "RequestsFall",
    category: "business",
    severity: "info",
    expr: `${TREND_FACTOR} * ${over(signal("requests"), "6h")} < ${earlier(signal("requests"), "6h", "1w")} and ${earlier(signal("requests"), "6h", "1w")} > ${REQUESTS_FLOOR}`,
    every: "1m",
    for: "30m",
    summary: "Requests for media fell to {{ $value | humanize }} (an hour's, times 1.5) against a week before",
    description: "Users ask for less than a week before at these hours.",
    dashboard: { uid: "trends", panel: "Requests for Media per Hour, Usual" },
  },
  {
    name: "HeapGrows",
    category: "application",
    severity: "info",
    expr: `min_over_time(${HEAP}[1h]) > ${TREND_FACTOR} * min_over_time(${HEAP}[1h] offset 6h) and min_over_time(${HEAP}[1h]) > ${HEAP_FLOOR_BYTES}`,
    every: "1m",
    for: "30m",
    summary:
      "{{ $labels.pod }} holds {{ $value | humanize1024 }}B after garbage collection: half as much again as six hours before",
    description: "What is left after each collection grows: a leak ends with a restart for want of memory.",
    dashboard: { uid: "runtime", panel: "Heap" },
  },
];
