import type { Plan } from "../plan/plan.ts";
import { Collector } from "../results/collector.ts";
import type { Progress } from "./tool.ts";

/**
 * Reads the lines that the scripts of outside tools write, one an event:
 * `b <milliseconds late>` a session begins, `e` it ends, `k <step>` a step is skipped,
 * `s <step> <end ms> <latency µs> <status> <error or -> <trace id or ->` a request has ended.
 */
export class Events {
  readonly collector: Collector;
  #last = 0;
  /** Lines that are none of these: what the tool itself had to say. */
  readonly others: string[] = [];

  constructor(plan: Plan) {
    this.collector = new Collector(plan);
  }

  line(line: string): void {
    const [kind, ...rest] = line.split(" ");
    const [a, b, c, d, error, trace] = rest;
    if (kind === "b" && rest.length === 1) {
      this.collector.begun += 1;
      this.collector.late(Math.max(0, Number(a)) * 1_000);
    } else if (kind === "e" && rest.length === 0) this.collector.ended += 1;
    else if (kind === "k" && rest.length === 1) this.collector.skip(Number(a));
    else if (kind === "s" && rest.length === 6 && Number.isFinite(Number(c)))
      this.collector.add({
        step: Number(a),
        endMs: Number(b),
        us: Number(c),
        status: Number(d),
        ...(error !== "-" && { error: error as string }),
        ...(trace !== "-" && { traceId: trace as string }),
      });
    else if (line.trim() !== "" && this.others.length < 100) this.others.push(line);
  }

  progress(atSeconds: number): Progress {
    this.collector.advance(atSeconds * 1_000 - 250);
    const { requests, failed } = this.collector;
    const perSecond = Math.max(0, requests - this.#last);
    this.#last = requests;
    return { atSeconds, perSecond, failed, requests, p95Us: this.collector.latest()?.p95Us ?? 0 };
  }
}
