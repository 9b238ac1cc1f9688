import { ERROR_GROUPS_TOTAL } from "@media/service/metric-names";
import { answersPerSecond, errorShare, responseQuantile } from "../library/queries.ts";
import { ERROR_SHARE, ERROR_TRAFFIC_FLOOR, RESPONSE_SECONDS } from "../thresholds.ts";
import { above, absentAfterStart, type Rule } from "./rule.ts";

const enoughTraffic = (window: string) => `${answersPerSecond(window)} > ${ERROR_TRAFFIC_FLOOR}`;

export const applicationRules: readonly Rule[] = [
  {
    name: "ErrorRateHigh",
    category: "application",
    severity: "critical",
    expr: `${above(errorShare("5m"), ERROR_SHARE.critical)} and ${enoughTraffic("5m")}`,
    for: "1m",
    summary: "{{ $value | humanizePercentage }} of the answers are errors",
    description: "Users see errors: the gateway or the service answers with 500 or more.",
    dashboard: { uid: "real-time", panel: "Error Rate" },
  },
  {
    name: "ResponseTimeHigh",
    category: "application",
    severity: "warning",
    expr: `${above(responseQuantile(0.95, "5m"), RESPONSE_SECONDS.warning)} and ${enoughTraffic("5m")}`,
    for: "5m",
    summary: "5 of 100 answers take longer than {{ $value | humanizeDuration }}",
    description: "The latency objective is being missed.",
    dashboard: { uid: "real-time", panel: "Response Time" },
  },
  {
    name: "ServiceDown",
    category: "application",
    severity: "critical",
    // A standby stack runs no api.
    expr: `(${absentAfterStart('up{job="api"} == 1')}) unless on () pg_followed_age_seconds`,
    for: "30s",
    summary: "No process of the api answers",
    description: "Every request ends with an error of the gateway or a stale answer of its cache.",
    dashboard: { uid: "real-time", panel: "Requests per Second" },
  },
  {
    name: "ErrorGroupNew",
    category: "application",
    severity: "info",
    expr: above(`sum by (change) (increase(${ERROR_GROUPS_TOTAL}[10m]))`, 0),
    summary: "Errors came that were not seen before ({{ $labels.change }})",
    description: "A group of errors is new, or came back in a later release: GET /api/v1/admin/errors lists it.",
    dashboard: { uid: "real-time", panel: "Error Rate" },
  },
];
