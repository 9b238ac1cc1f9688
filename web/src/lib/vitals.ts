// The part of the library that is used, so that browsers load no more of it.
export { onCLS, onFCP, onINP, onLCP, onTTFB } from "web-vitals";

/** Milliseconds that each phase of the page's loading took, as `POST /api/v1/rum` names them; none before it has ended. */
export function phases(
  timing = performance.getEntriesByType("navigation")[0] as PerformanceNavigationTiming | undefined,
): Record<string, number> | undefined {
  if (!timing || timing.loadEventEnd === 0) return undefined;
  const { secureConnectionStart: tls } = timing;
  const found = {
    redirect: timing.redirectEnd - timing.redirectStart,
    dns: timing.domainLookupEnd - timing.domainLookupStart,
    connect: timing.connectEnd - timing.connectStart,
    tls: tls > 0 ? timing.connectEnd - tls : 0,
    request: timing.responseStart - timing.requestStart,
    response: timing.responseEnd - timing.responseStart,
    dom: timing.domComplete - timing.responseEnd,
    load: timing.loadEventEnd - timing.loadEventStart,
  };
  return Object.fromEntries(Object.entries(found).map(([phase, ms]) => [phase, Math.min(Math.max(ms, 0), MOST_MS)]));
}

/** The service takes no longer time. */
const MOST_MS = 3_600_000;
