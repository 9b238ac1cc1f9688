import { AllSeries, type Series } from "./series.ts";

/** What an observation leads to. */
interface Exemplar {
  labelSet: Record<string, string>;
  value: number;
  /** Seconds since the epoch. */
  timestamp: number;
}

interface Observed {
  /** By bucket, not added up; the last is for what is above all bounds. */
  counts: number[];
  exemplars: (Exemplar | undefined)[];
  sum: number;
}

interface Sample {
  metricName: string;
  labels: Record<string, string>;
  value: number;
  exemplar?: Exemplar | undefined;
}

/** A histogram for the way of every request: it counts in place, and is added up when it is scraped. */
export class QuickHistogram {
  readonly name: string;
  readonly help: string;
  readonly type = "histogram";
  readonly aggregator = "sum";
  readonly #bounds: readonly number[];
  readonly #series: AllSeries<Observed>;

  constructor(name: string, help: string, labelNames: readonly string[], bounds: readonly number[]) {
    this.name = name;
    this.help = help;
    this.#bounds = bounds;
    this.#series = new AllSeries(labelNames, () => ({
      counts: new Array<number>(bounds.length + 1).fill(0),
      exemplars: new Array<undefined>(bounds.length + 1).fill(undefined),
      sum: 0,
    }));
  }

  /** `traceId`: of a trace that can be opened, if there is one; each bucket is shown with its newest. */
  observe(labels: Readonly<Record<string, string>>, value: number, traceId: string | null): void {
    const { value: seen } = this.#series.of(labels);
    let bucket = 0;
    while (bucket < this.#bounds.length && value > (this.#bounds[bucket] as number)) bucket += 1;
    seen.counts[bucket] = (seen.counts[bucket] as number) + 1;
    seen.sum += value;
    if (traceId !== null)
      seen.exemplars[bucket] = { labelSet: { trace_id: traceId }, value, timestamp: Date.now() / 1_000 };
  }

  /** As prom-client's registry asks for it. */
  async get() {
    const { name, help, type, aggregator } = this;
    return { name, help, type, aggregator, values: [...this.#series].flatMap((series) => this.#samplesOf(series)) };
  }

  #samplesOf({ labels, value: { counts, exemplars, sum } }: Series<Observed>): Sample[] {
    let count = 0;
    const buckets = counts.map((inBucket, n) => {
      count += inBucket;
      const le = String(this.#bounds[n] ?? "+Inf");
      return {
        metricName: `${this.name}_bucket`,
        labels: { le, ...labels },
        value: count,
        exemplar: exemplars[n],
      };
    });
    return [
      ...buckets,
      { metricName: `${this.name}_sum`, labels, value: sum },
      { metricName: `${this.name}_count`, labels, value: count },
    ];
  }
}
