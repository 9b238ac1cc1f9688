import type { Load, Outcome, Sent } from "./generator.ts";
import { generate, type Target } from "./processes.ts";

/** How long and how often is measured. */
export interface Effort {
  /** Of one round. */
  seconds: number;
  /** Of each of the two that are compared. */
  rounds: number;
  /** For how long memory is watched. */
  soakSeconds: number;
}

/** One of the two sides of a comparison. */
export interface Side {
  target: Target;
  requests: Sent[];
}

export interface Measured extends Outcome {
  perSecond: number;
  /** Good answers per second that the target's core worked: what counts is the work, not the waits. */
  perCoreSecond: number;
  /** Share of its core that the target used: well below 1, the generator or a database was the bound. */
  cpu: number;
}

/** Ratios of the second to the first, round by round. */
export interface Ratios {
  /** Answers per second, whether target or generator was the bound. */
  answers: number[];
  /** Answers per second of the target's core. */
  throughput: number[];
  p99: number[];
}

/** Until the optimising compiler has seen all that is asked often, also on a slow machine. */
export const WARM_UP_SECONDS = 10;

export async function measure(
  folder: string,
  { target, requests }: Side,
  load: Pick<Load, "seconds" | "connections" | "rate" | "leadSeconds" | "from">,
): Promise<Measured> {
  target.forgetLog();
  const before = target.cpuSeconds();
  const outcome = await generate(folder, { port: target.httpPort, requests, ...load });
  const cpu = (target.cpuSeconds() - before) / (outcome.seconds + (load.leadSeconds ?? 0));
  return {
    ...outcome,
    perSecond: outcome.good / outcome.seconds,
    perCoreSecond: outcome.good / outcome.seconds / cpu,
    cpu,
  };
}

/** Measures both sides in turn, so that whatever else the machine does meets both; each side begins every other round. */
export async function compare(
  folder: string,
  name: string,
  sides: [reference: Side, ours: Side],
  { seconds, rounds }: Effort,
  connections: number,
): Promise<Ratios> {
  const from = [0, 0];
  const run = async (side: 0 | 1, length: number) => {
    const measured = await measure(folder, sides[side], { seconds: length, connections, from: from[side] ?? 0 });
    from[side] = measured.sent;
    return measured;
  };
  for (const side of [0, 1] as const) await run(side, WARM_UP_SECONDS);
  const ratios: Ratios = { answers: [], throughput: [], p99: [] };
  for (let round = 0; round < rounds; round++) {
    const order = round % 2 === 0 ? ([0, 1] as const) : ([1, 0] as const);
    const seen: Measured[] = [];
    for (const side of order) seen[side] = await run(side, seconds);
    const [reference, ours] = seen as [Measured, Measured];
    ratios.answers.push(ours.perSecond / reference.perSecond);
    ratios.throughput.push(ours.perCoreSecond / reference.perCoreSecond);
    ratios.p99.push(ours.p99 / reference.p99);
    tell(
      `${name}, round ${round + 1}/${rounds}: ${show(reference)} against ${show(ours)}, ratio ${ratios.throughput.at(-1)?.toFixed(2)}`,
    );
  }
  return ratios;
}

/** Progress goes to stderr: stdout is for the result. */
export function tell(line: string): void {
  process.stderr.write(`${line}\n`);
}

export function show({ perSecond, perCoreSecond, p50, p99, cpu, byStatus, errors }: Measured): string {
  const bad = Object.entries(byStatus).filter(([status]) => Number(status) >= 300);
  const others = bad.length + errors > 0 ? `, ${JSON.stringify(Object.fromEntries(bad))}, ${errors} errors` : "";
  return `${Math.round(perSecond)}/s, ${Math.round(perCoreSecond)} per core second (p50 ${p50.toFixed(1)}, p99 ${p99.toFixed(1)} ms, core ${(cpu * 100).toFixed(0)} %${others})`;
}
