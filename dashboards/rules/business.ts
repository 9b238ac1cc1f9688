import { outsideHealth, queueAgeSeconds } from "../library/queries.ts";
import { QUEUE_AGE_SECONDS } from "../thresholds.ts";
import { above, below, type Rule } from "./rule.ts";

export const businessRules: readonly Rule[] = [
  {
    name: "QueueDelayed",
    category: "business",
    severity: "warning",
    expr: above(queueAgeSeconds(), QUEUE_AGE_SECONDS.warning),
    for: "1m",
    summary: "The oldest job of {{ $labels.queue }} has waited for {{ $value | humanizeDuration }}",
    description: "Requests are accepted, but nothing is done for them.",
    dashboard: { uid: "real-time", panel: "Download Queue Size" },
  },
  {
    name: "OutsideServiceDown",
    category: "business",
    severity: "warning",
    expr: below(outsideHealth(), 1),
    for: "3m",
    summary: "{{ $labels.service }} does not answer as documented",
    description: "What needs it is answered from the cache, or not at all.",
    dashboard: { uid: "real-time", panel: "External Services" },
  },
];
