import { HTTP_REQUEST_DURATION_SECONDS } from "@media/service/metric-names";
import { AVAILABILITY_OBJECTIVES, LATENCY_OBJECTIVES } from "@media/service/objectives";
import type { Prometheus } from "../resources/prometheus.ts";
import { countUpTo, decode, merged } from "../results/histogram.ts";
import type { Measurements, Verdict } from "../results/result.ts";

/** The generator was late where more of what it sent than a share, and than a few requests, was later than this. */
export const LATE_US = 100_000;
const LATE_SHARE = 0.01;
/** The hundredth of a short run is a single moment, which says nothing of the generator. */
const LATE_REQUESTS = 5;
/** It gave up where it began fewer of the planned sessions. */
const BEGUN_SHARE = 0.99;

/** Judges what the load generator saw, by the service's own objectives: the whole way, gateway and network too. */
export function verdictsOfGenerator({ steps }: Measurements): Verdict[] {
  const good = merged(steps.map((step) => decode(step.histogram)));
  const failed = steps.reduce((sum, step) => sum + step.failed, 0);
  const latency = Object.entries(LATENCY_OBJECTIVES)
    .filter(([, { metric }]) => metric === HTTP_REQUEST_DURATION_SECONDS)
    .map(([objective, { seconds, ratio }]) =>
      judged({
        objective,
        source: "generator",
        wanted: ratio,
        good: countUpTo(good, seconds * 1_000_000),
        events: good.totalCount,
        about: `good answers within ${seconds} s`,
      }),
    );
  const availability = Object.entries(AVAILABILITY_OBJECTIVES).map(([objective, { ratio }]) =>
    judged({
      objective,
      source: "generator",
      wanted: ratio,
      good: good.totalCount,
      events: good.totalCount + failed,
      about: "requests answered as the journey expects",
    }),
  );
  return [...latency, ...availability];
}

/** Judges what the service counted of itself in the window. */
export async function verdictsOfService(
  prometheus: Prometheus,
  namespace: string,
  from: Date,
  to: Date,
): Promise<Verdict[]> {
  const seconds = Math.ceil((to.getTime() - from.getTime()) / 1_000);
  const count = async (series: string) => {
    const found = await prometheus.query(`sum(increase(${series}[${seconds}s]))`, to);
    return Number(found[0]?.value?.[1] ?? 0);
  };
  const verdicts: Verdict[] = [];
  for (const [objective, { metric, seconds: bound, ratio }] of Object.entries(LATENCY_OBJECTIVES)) {
    const [good, events] = await Promise.all([
      count(`${metric}_bucket{namespace="${namespace}",le=~"${edge(bound)}"}`),
      count(`${metric}_count{namespace="${namespace}"}`),
    ]);
    verdicts.push(judged({ objective, source: "prometheus", wanted: ratio, good, events, about: `within ${bound} s` }));
  }
  for (const [objective, { metric, failed, ratio }] of Object.entries(AVAILABILITY_OBJECTIVES)) {
    const [bad, events] = await Promise.all([
      count(`${metric}_count{namespace="${namespace}",${failed}}`),
      count(`${metric}_count{namespace="${namespace}"}`),
    ]);
    verdicts.push(
      judged({ objective, source: "prometheus", wanted: ratio, good: events - bad, events, about: `not ${failed}` }),
    );
  }
  return verdicts;
}

/** An edge as Prometheus 2 and 3 write it. */
const edge = (seconds: number) =>
  Number.isInteger(seconds) ? `${seconds}(\\\\.0)?` : String(seconds).replace(".", "\\\\.");

function judged({ good, events, wanted, ...rest }: Omit<Verdict, "verdict" | "measured"> & { good: number }): Verdict {
  // Prometheus extrapolates its increases: counts are not whole, and the good ones may come out above all.
  if (events < 0.5) return { ...rest, wanted, measured: null, events: 0, verdict: "no data" };
  const measured = Math.min(1, good / events);
  return { ...rest, wanted, measured, events: Math.round(events), verdict: measured >= wanted ? "met" : "not met" };
}

/** Why the generator, not the target, set the limit; null where it did not. */
export function limitOfGenerator({ sessions, generator }: Measurements, interrupted: boolean): string | null {
  const { planned, begun } = sessions;
  if (!interrupted && begun < planned * BEGUN_SHARE)
    return `the generator began ${begun} of ${planned} sessions (${generator.dropped} given up)`;
  const lateness = decode(generator.lateness);
  const late = lateness.totalCount - countUpTo(lateness, LATE_US);
  if (late > Math.max(lateness.totalCount * LATE_SHARE, LATE_REQUESTS))
    return `the generator was late by ${Math.round(generator.latenessP99Us / 1_000)} ms (99th percentile); it must stay within ${LATE_US / 1_000} ms`;
  return null;
}

/** One verdict of all: none where the run was cut short, the generator was the limit, or nothing was measured. */
export function overall(verdicts: readonly Verdict[], limited: string | null, interrupted: boolean) {
  const own = verdicts.filter((verdict) => verdict.source === "generator");
  if (limited !== null || interrupted || own.some((verdict) => verdict.verdict === "no data")) return "none" as const;
  return verdicts.some((verdict) => verdict.verdict === "not met") ? ("not met" as const) : ("met" as const);
}
