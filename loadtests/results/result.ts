/** What every tool leaves: the TypeScript half of result.schema.json. Durations `…Us` are microseconds. */
export interface Measurements {
  readonly steps: readonly StepMeasured[];
  readonly intervals: readonly Interval[];
  /** The slowest good answers and failures, the worst first. */
  readonly slowest: readonly SlowRequest[];
  readonly sessions: { readonly planned: number; readonly begun: number; readonly ended: number };
  readonly generator: GeneratorMeasured;
}

export interface StepMeasured {
  readonly name: string;
  readonly journey: string;
  readonly operation: string;
  readonly route: string;
  readonly requests: number;
  readonly failed: number;
  /** Left out because the step that they build on had failed. */
  readonly skipped: number;
  /** Latency of the good answers: HdrHistogram V2, compressed, base64, in microseconds. */
  readonly histogram: string;
  readonly errors: readonly { readonly type: string; readonly status: number; readonly count: number }[];
}

/** One second of the run. */
export interface Interval {
  readonly atSeconds: number;
  /** Requests that ended in it. */
  readonly requests: number;
  readonly failed: number;
  readonly p50Us: number;
  readonly p95Us: number;
  readonly p99Us: number;
  readonly maxUs: number;
  /** Sessions that had begun and not ended. */
  readonly users: number;
}

export interface SlowRequest {
  readonly step: string;
  readonly atSeconds: number;
  readonly us: number;
  readonly status: number;
  readonly traceId?: string;
}

/** What the generator itself needed, and how late it was. */
export interface GeneratorMeasured {
  readonly cpuSeconds: number;
  /** From the moment a request was due to the moment it was handed to a connection; HdrHistogram as above. */
  readonly lateness: string;
  readonly latenessP99Us: number;
  /** Sessions that the tool gave up because it had no virtual user for them. */
  readonly dropped: number;
}

export interface Point {
  /** Seconds since 1970. */
  readonly at: number;
  readonly value: number;
}

/** A figure of a tier over the run's window. */
export interface Series {
  readonly tier: string;
  readonly name: string;
  readonly unit: "cores" | "bytes" | "ratio" | "seconds" | "per second" | "count";
  /** Pod, queue or what else tells series of the same name apart. */
  readonly of: string;
  readonly points: readonly Point[];
}

export interface Verdict {
  readonly objective: string;
  /** Who measured: the load generator, or the service through Prometheus. */
  readonly source: "generator" | "prometheus";
  /** Wanted share of good events. */
  readonly wanted: number;
  /** Share of good events that was measured; null where there were none. */
  readonly measured: number | null;
  readonly events: number;
  readonly verdict: "met" | "not met" | "no data";
  readonly about: string;
}

/** A run, whole. */
export interface Result extends Measurements {
  readonly schema: "media-load-result/1";
  readonly run: {
    readonly id: string;
    readonly startedAt: string;
    readonly endedAt: string;
    readonly seconds: number;
    readonly interrupted: boolean;
    readonly stack: string;
    readonly target: string;
  };
  readonly tool: { readonly name: string; readonly version: string; readonly latency: string };
  readonly model: "open" | "closed";
  readonly config: {
    readonly shape: string;
    readonly level: string;
    readonly rate: number;
    readonly seconds: number;
    readonly stretches: readonly { readonly seconds: number; readonly perMinute: number }[];
    readonly journeys: readonly string[];
    readonly seed: number;
    readonly titleOffset: number;
    /** SHA-256 of the plan, hexadecimal: two runs with the same sent the same requests. */
    readonly plan: string;
  };
  readonly versions: Readonly<Record<string, string>>;
  readonly resources: {
    readonly stepSeconds: number;
    readonly series: readonly Series[];
    /** Tiers without a series, and why. */
    readonly missing: readonly string[];
  };
  /** Whether the generator, not the target, set the limit; then there is no verdict. */
  readonly generatorLimited: string | null;
  readonly verdicts: readonly Verdict[];
  readonly verdict: "met" | "not met" | "none";
}
