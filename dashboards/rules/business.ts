import { outsideHealth, outsideSeconds, queueAgeSeconds } from "../library/queries.ts";
import { OUTSIDE_SECONDS, QUEUE_AGE_SECONDS } from "../thresholds.ts";
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
  {
    name: "OutsideServiceSlow",
    category: "business",
    severity: "warning",
    expr: above(outsideSeconds(), OUTSIDE_SECONDS.warning),
    // One probe a minute: a machine that is busy for a moment is no slow service.
    for: "5m",
    summary: "{{ $labels.service }} takes {{ $value | humanizeDuration }} to answer",
    description: "Calls to it hold requests up without failing, so that no breaker opens.",
    dashboard: { uid: "outside", panel: "Duration of a Probe" },
  },
];
