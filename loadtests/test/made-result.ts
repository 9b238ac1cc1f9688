import { randomFrom } from "../lib/random.ts";
import { encode, newHistogram, record } from "../results/histogram.ts";
import type { Result, Series } from "../results/result.ts";

export interface Made {
  /** Latency about which good answers lie. Milliseconds. @default 20 */
  readonly ms?: number;
  /** Share of requests that fail. @default 0 */
  readonly failed?: number;
  /** Values of a figure, "tier/name of", over the run. */
  readonly figures?: Readonly<Record<string, { readonly unit: Series["unit"]; readonly values: readonly number[] }>>;
  readonly seed?: number;
}

/** A result as a run would leave it. Objectives count as missed where a hundredth of the requests failed or took 300 ms. */
export function madeResult({ ms = 20, failed = 0, figures = {}, seed = 1 }: Made = {}): Result {
  const random = randomFrom(seed);
  const histogram = newHistogram();
  const good = Math.round(500 * (1 - failed));
  for (let index = 0; index < good; index++) record(histogram, ms * 1_000 * (0.9 + 0.2 * random()));
  const met = failed < 0.01 && ms < 300;
  return {
    schema: "media-load-result/1",
    run: { id: `made-${seed}`, interrupted: false, stack: "dev", startedAt: "", endedAt: "", seconds: 40, target: "" },
    tool: { name: "custom", version: "1", latency: "" },
    generatorLimited: null,
    config: { shape: "load", level: "normal", rate: 1, journeys: ["browse"] },
    steps: [{ name: "one", requests: 500, failed: 500 - good, skipped: 0, histogram: encode(histogram), errors: [] }],
    verdicts: [
      {
        objective: "http answers",
        source: "generator",
        wanted: 0.99,
        measured: met ? 1 : 0.5,
        events: 500,
        verdict: met ? "met" : "not met",
        about: "",
      },
    ],
    verdict: met ? "met" : "not met",
    resources: {
      stepSeconds: 5,
      missing: [],
      series: Object.entries(figures).map(([name, { unit, values }]) => {
        const [, tier = "", figure = "", of = ""] = /^([^/]+)\/(.*?)(?: of ([^ ]+))?$/.exec(name) ?? [];
        return { tier, name: figure, unit, of, points: values.map((value, index) => ({ at: index * 5, value })) };
      }),
    },
  } as unknown as Result;
}
