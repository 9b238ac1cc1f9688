import { countOf } from "./count.ts";
import type { Drill, DrillContext, DrillOptions } from "./drill.ts";
import type { Clock, DrillResult } from "./evidence.ts";
import { rollingRestart } from "./faults/rolling-restart.ts";
import { type Stack, type Target, targetOf } from "./lib/stack.ts";
import { PublishedEvents } from "./published-events.ts";
import { type Failure, type Observed, startLoad } from "./steady-load.ts";
import { linesOfTrace } from "./verify/loki.ts";
import { sql } from "./verify/postgres.ts";

const RESTARTS = 50;
const RESTARTED = ["api", "worker", "gateway", "pgbouncer", "redis-cache"].map((name) => `deployment/${name}`);
/** Failures that the evidence shows in full. */
const SHOWN = 50;

/** Restarts all workloads without a volume again and again while clients use the stack. No client may notice. */
export const restarts: Drill = {
  summary:
    "restarts api, worker, gateway, PgBouncer and cache pod by pod under load (--count, default 50); destroys nothing",
  destroys: false,
  check: (options) => void countOf(options, RESTARTS, "restarts"),
  run,
};

async function run({ stack }: DrillContext, clock: Clock, options: DrillOptions): Promise<DrillResult> {
  const count = countOf(options, RESTARTS);
  const target = await targetOf(stack);
  const load = await startLoad(target);
  try {
    const published = await PublishedEvents.from(stack);
    for (let n = 1; n <= count; n++) {
      await clock.time(`rolling restart ${n} of ${count}`, () => rollingRestart(stack, RESTARTED));
      await published.read();
    }
    const observed = await load.stop(() => published.read());
    const counts = judge(observed, await readOutcomes(stack, observed.created));
    const { requestsFailed, eventsLost, eventsDoubled, jobsLost, jobsDoubled } = counts;
    return {
      passed: requestsFailed + eventsLost + eventsDoubled + jobsLost + jobsDoubled === 0,
      summary: `${count} rolling restarts: of ${counts.calls} calls ${requestsFailed} failed; of ${counts.eventsPublished} events ${eventsLost} lost and ${eventsDoubled} doubled over ${counts.reconnections} reconnections; of the jobs of ${counts.requestsCreated} requests ${jobsLost} lost and ${jobsDoubled} doubled`,
      findings: { restarts: count, ...counts, failures: await withLogs(observed.failures.slice(0, SHOWN), target) },
    };
  } finally {
    load.cancel();
  }
}

/** Adds what the processes logged about each failure. The pods that failed are gone, but Loki keeps their lines. */
async function withLogs(failures: readonly Failure[], target: Target) {
  const lines = async ({ traceId }: Failure) => {
    if (traceId === undefined) return [];
    return linesOfTrace(target, traceId).catch((error: unknown) => [`Loki: ${String(error)}`]);
  };
  return Promise.all(failures.map(async (failure) => ({ ...failure, logged: await lines(failure) })));
}

/** What the database says about a request. */
export interface Outcome {
  readonly id: string;
  readonly status: string;
  readonly downloads: number;
}

async function readOutcomes(stack: Stack, created: readonly string[]): Promise<Outcome[]> {
  const rows = `select r.id, r.status, (select count(*) from downloads d where d.request_id = r.id) as downloads from requests r where r.id = any('{${created.join(",")}}')`;
  return JSON.parse(await sql(stack, "primary", `select coalesce(json_agg(x), '[]') from (${rows}) x`)) as Outcome[];
}

/** Counts failed calls, and lost and doubled events and jobs. Pure. */
export function judge(observed: Observed, outcomes: readonly Outcome[]) {
  const { calls, failures, created, received, published, reconnections } = observed;
  const ends = Map.groupBy(
    received.filter(({ status }) => status === "available"),
    ({ id }) => id,
  );
  const positions = new Set(received.map(({ position }) => position));
  const done = new Set(outcomes.filter(({ status }) => status === "available").map(({ id }) => id));
  return {
    calls,
    requestsFailed: failures.length,
    requestsCreated: created.length,
    eventsPublished: published.length,
    // A published event must be received, and the end of each request must be published.
    eventsLost:
      published.filter((position) => !positions.has(position)).length + created.filter((id) => !ends.has(id)).length,
    eventsDoubled: received.length - positions.size + created.filter((id) => (ends.get(id)?.length ?? 0) > 1).length,
    reconnections,
    jobsLost: created.filter((id) => !done.has(id)).length,
    jobsDoubled: outcomes.filter(({ downloads }) => downloads > 1).length,
  };
}
