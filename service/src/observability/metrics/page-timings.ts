import { z } from "zod";

/**
 * Pages of the front end, as the templates of their routes. A fixed list, since it is a label: what a browser sends
 * never becomes one. A page that is not listed reports as `other`.
 */
export const PAGES = [
  "/",
  "/login",
  "/register",
  "/discover",
  "/search",
  "/titles/{mediaType}/{tmdbId}",
  "/requests",
  "/requests/{id}",
  "/downloads",
  "/library",
  "/account",
  "/plans",
  "/admin",
  "other",
] as const;

/** Milliseconds, an hour at most. */
const ms = z.number().min(0).max(3_600_000).optional();
/** The shift of a window's worth of content is about 1; sums of several stay far below this. */
const shift = z.number().min(0).max(100).optional();

/** Core Web Vitals and their two supplements, as https://web.dev/articles/vitals defines them. */
const vitals = z.strictObject({ lcp: ms, inp: ms, fcp: ms, ttfb: ms, cls: shift });
/** Lengths of the phases of https://www.w3.org/TR/navigation-timing-2/, in the order in which they come. */
const navigation = z.strictObject({
  redirect: ms,
  dns: ms,
  connect: ms,
  tls: ms,
  request: ms,
  response: ms,
  dom: ms,
  load: ms,
});

export const PHASES = Object.keys(navigation.shape) as (keyof z.infer<typeof navigation>)[];

/** The body of POST /api/v1/rum. */
export const pageTimings = z.strictObject({
  page: z.enum(PAGES),
  vitals: vitals.optional().meta({ description: "Milliseconds; `cls` has no unit." }),
  navigation: navigation.optional().meta({ description: "Milliseconds that each phase took." }),
  traceparent: z
    .string()
    .regex(/^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/)
    .optional()
    .meta({ description: "Of the page's own load (W3C trace context): the way from a slow page to its trace." }),
});
export type PageTimings = z.infer<typeof pageTimings>;

/** Bounds of "good" and "poor" (https://web.dev/articles/vitals) are bucket edges: LCP 2.5 and 4 s, INP 0.2 and 0.5 s, FCP 1.8 and 3 s, TTFB 0.8 and 1.8 s. */
export const VITAL_BUCKETS_SECONDS = [0.05, 0.1, 0.2, 0.5, 0.8, 1.2, 1.8, 2.5, 3, 4, 6, 10, 20] as const;
/** Good up to 0.1, poor above 0.25. */
export const SHIFT_BUCKETS = [0.01, 0.025, 0.05, 0.1, 0.15, 0.25, 0.5, 1] as const;

interface Histograms {
  webVital(labels: { page: string; vital: string }, seconds: number, traceId: string | null): void;
  layoutShift(labels: { page: string }, score: number, traceId: string | null): void;
  navigationPhase(labels: { page: string; phase: string }, seconds: number, traceId: string | null): void;
}

/** Observes what came; what the browser could not measure is not there, rather than 0. */
export function recordTimings(metrics: Histograms, report: PageTimings): void {
  const { page, vitals: { cls, ...timed } = {}, navigation: phases = {} } = report;
  const traceId = sampledTrace(report.traceparent);
  for (const [vital, value] of measured(timed)) metrics.webVital({ page, vital }, value / 1_000, traceId);
  for (const [phase, value] of measured(phases)) metrics.navigationPhase({ page, phase }, value / 1_000, traceId);
  if (cls !== undefined) metrics.layoutShift({ page }, cls, traceId);
}

function measured(values: Record<string, number | undefined>): [string, number][] {
  return Object.entries(values).filter((entry): entry is [string, number] => entry[1] !== undefined);
}

/** Only a sampled trace can be opened; an id of zeros is none. */
function sampledTrace(traceparent: string | undefined): string | null {
  const [, traceId = "", , flags = "00"] = traceparent?.split("-") ?? [];
  const sampled = (Number.parseInt(flags, 16) & 1) === 1;
  return sampled && !/^0+$/.test(traceId) ? traceId : null;
}
