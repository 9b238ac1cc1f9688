import type { Plan } from "../plan/plan.ts";
import { encode, type Histogram, newHistogram, record } from "./histogram.ts";
import type { Interval, Measurements, SlowRequest, StepMeasured } from "./result.ts";

/** One request that came to its end. Times are milliseconds since the run's begin. */
export interface Sample {
  readonly step: number;
  readonly endMs: number;
  readonly us: number;
  /** 0 where there was no answer. */
  readonly status: number;
  /** What went wrong: the problem's code, `http-<status>`, or what became of the connection. */
  readonly error?: string;
  readonly traceId?: string;
}

const SLOWEST = 20;

/** Adds up samples; holds histograms, never the samples. */
export class Collector {
  readonly #plan: Plan;
  readonly #steps: { good: Histogram; failed: number; skipped: number; errors: Map<string, number> }[];
  readonly #lateness = newHistogram();
  readonly #intervals: Interval[] = [];
  #second = newHistogram();
  #inSecond = { requests: 0, failed: 0 };
  #at = 0;
  #slowest: SlowRequest[] = [];
  begun = 0;
  ended = 0;
  dropped = 0;
  requests = 0;
  failed = 0;

  constructor(plan: Plan) {
    this.#plan = plan;
    this.#steps = plan.steps.map(() => ({ good: newHistogram(), failed: 0, skipped: 0, errors: new Map() }));
  }

  add({ step, endMs, us, status, error, traceId }: Sample): void {
    this.advance(endMs);
    const into = this.#steps[step];
    if (!into) return;
    this.requests += 1;
    this.#inSecond.requests += 1;
    if (error === undefined) {
      record(into.good, us);
      record(this.#second, us);
    } else {
      this.failed += 1;
      this.#inSecond.failed += 1;
      into.failed += 1;
      const key = `${status} ${error}`;
      into.errors.set(key, (into.errors.get(key) ?? 0) + 1);
    }
    this.#keepSlow(step, endMs, us, status, traceId);
  }

  late(us: number): void {
    record(this.#lateness, us);
  }

  skip(step: number): void {
    const into = this.#steps[step];
    if (into) into.skipped += 1;
  }

  /** Closes the seconds that are over. Samples may come a little late; they count where they come. */
  advance(nowMs: number): void {
    while (nowMs >= (this.#at + 1) * 1_000) this.#close();
  }

  /** What the last whole second was like. */
  latest(): Interval | undefined {
    return this.#intervals.at(-1);
  }

  /** p95 of everything so far, microseconds. */
  percentileUs(percentile: number): number {
    const all = newHistogram();
    for (const { good } of this.#steps) all.add(good);
    return all.totalCount > 0 ? all.getValueAtPercentile(percentile) : 0;
  }

  measurements(cpuSeconds: number): Measurements {
    if (this.#inSecond.requests > 0) this.#close();
    return {
      steps: this.#steps.map((one, index) => this.#stepMeasured(one, index)),
      intervals: this.#intervals,
      slowest: this.#slowest,
      sessions: { planned: this.#plan.sessions.length, begun: this.begun, ended: this.ended },
      generator: {
        cpuSeconds,
        lateness: encode(this.#lateness),
        latenessP99Us: this.#lateness.totalCount > 0 ? this.#lateness.getValueAtPercentile(99) : 0,
        dropped: this.dropped,
      },
    };
  }

  #stepMeasured(
    { good, failed, skipped, errors }: { good: Histogram; failed: number; skipped: number; errors: Map<string, number> },
    index: number,
  ): StepMeasured {
    const step = this.#plan.steps[index];
    return {
      name: step?.name ?? "",
      journey: step?.journey ?? "",
      operation: step?.operation ?? "",
      route: step?.route ?? "",
      requests: good.totalCount + failed,
      failed,
      skipped,
      histogram: encode(good),
      errors: [...errors].map(([key, count]) => {
        const [status = "0", ...type] = key.split(" ");
        return { type: type.join(" "), status: Number(status), count };
      }),
    };
  }

  #close(): void {
    const at = (percentile: number) =>
      this.#second.totalCount > 0 ? this.#second.getValueAtPercentile(percentile) : 0;
    this.#intervals.push({
      atSeconds: this.#at,
      ...this.#inSecond,
      p50Us: at(50),
      p95Us: at(95),
      p99Us: at(99),
      maxUs: this.#second.totalCount > 0 ? this.#second.maxValue : 0,
      users: this.begun - this.ended,
    });
    this.#second.reset();
    this.#inSecond = { requests: 0, failed: 0 };
    this.#at += 1;
  }

  #keepSlow(step: number, endMs: number, us: number, status: number, traceId: string | undefined): void {
    if (this.#slowest.length === SLOWEST && us <= (this.#slowest.at(-1)?.us ?? 0)) return;
    this.#slowest.push({
      step: this.#plan.steps[step]?.name ?? "",
      atSeconds: endMs / 1_000,
      us: Math.round(us),
      status,
      ...(traceId && { traceId }),
    });
    this.#slowest.sort((a, b) => b.us - a.us);
    this.#slowest.length = Math.min(this.#slowest.length, SLOWEST);
  }
}
