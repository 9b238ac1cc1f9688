import { kubectl } from "../cluster/cluster.ts";
import { UserError } from "../lib/errors.ts";
import { say } from "../lib/progress.ts";
import type { Stack } from "../stack/pulumi.ts";
import { type Target, targetOf } from "../verify/journey.ts";
import { loggedIn } from "../verify/loki.ts";
import { namespaceOf, sql } from "../verify/postgres.ts";
import { Clock, writeEvidence } from "./evidence.ts";
import { type Failure, type Seen, startLoad } from "./steady-load.ts";
import { Told } from "./told.ts";

const RESTARTS = 50;
const ROLLED_OUT = ["deployment/api", "deployment/worker"];
const ROLLOUT_SECONDS = 120;
/** Failures in the evidence. */
const SHOWN = 50;

/** The stack's api and workers are restarted again and again, pod by pod, while people use it: none of them may notice. */
export async function restarts(stack: Stack, wanted?: string): Promise<void> {
  const count = wanted === undefined ? RESTARTS : Number(wanted);
  if (!(Number.isInteger(count) && count > 0))
    throw new UserError(`"${wanted}" is no number of restarts`, "take a whole number from 1: COUNT=5");
  const startedAt = new Date().toISOString();
  const clock = new Clock(say);
  const target = await targetOf(stack);
  const load = await startLoad(target);
  const told = await Told.from(stack);
  for (let n = 1; n <= count; n++) {
    await clock.time(`rolling restart ${n} of ${count}`, () => restart(stack));
    await told.read();
  }
  const seen = await load.stop(() => told.read());
  const result = judge(seen, await readOutcome(stack, seen.made));
  const passed =
    result.requestsFailed + result.eventsLost + result.eventsDoubled + result.jobsLost + result.jobsDoubled === 0;
  const file = await writeEvidence("restarts", {
    kind: "restarts",
    stack: stack.name,
    cluster: stack.layout.name,
    startedAt,
    passed,
    restarts: count,
    ...result,
    failures: await explained(seen.failures.slice(0, SHOWN), target),
    phases: clock.phases,
  });
  say(`evidence: ${file}`);
  const { calls, requestsFailed, made, told: events, eventsLost, eventsDoubled, jobsLost, jobsDoubled } = result;
  say(
    `${count} rolling restarts: of ${calls} calls ${requestsFailed} failed; of ${events} events ${eventsLost} lost and ${eventsDoubled} doubled over ${result.reconnections} reconnections; of ${made} requests' jobs ${jobsLost} lost and ${jobsDoubled} doubled`,
  );
  if (!passed)
    throw new UserError(
      "the drill failed: somebody noticed the restarts",
      "read the evidence: it has the first failures",
    );
}

/** With what the processes logged about each: those that failed it are gone, and Loki keeps what they said. */
async function explained(failures: readonly Failure[], target: Target) {
  const lines = async ({ traceId }: Failure) => {
    if (traceId === undefined) return [];
    return loggedIn(target, traceId).catch((error: unknown) => [`Loki: ${String(error)}`]);
  };
  return Promise.all(failures.map(async (failure) => ({ ...failure, logged: await lines(failure) })));
}

async function restart(stack: Stack): Promise<void> {
  const inNamespace = (...args: string[]) => kubectl(stack.layout, ["-n", namespaceOf(stack), ...args]);
  await inNamespace("rollout", "restart", ...ROLLED_OUT);
  for (const name of ROLLED_OUT) await inNamespace("rollout", "status", name, `--timeout=${ROLLOUT_SECONDS}s`);
}

/** What the database says of one request. */
export interface Outcome {
  readonly id: string;
  readonly status: string;
  readonly downloads: number;
}

async function readOutcome(stack: Stack, made: readonly string[]): Promise<Outcome[]> {
  const rows = `select r.id, r.status, (select count(*) from downloads d where d.request_id = r.id) as downloads from requests r where r.id = any('{${made.join(",")}}')`;
  return JSON.parse(await sql(stack, "primary", `select coalesce(json_agg(x), '[]') from (${rows}) x`)) as Outcome[];
}

/** Counts what should not have been. Pure. */
export function judge(seen: Seen, outcomes: readonly Outcome[]) {
  const { calls, failures, made, heard, told, reconnections } = seen;
  const ends = Map.groupBy(
    heard.filter(({ status }) => status === "available"),
    ({ id }) => id,
  );
  const places = new Set(heard.map(({ at }) => at));
  const done = new Set(outcomes.filter(({ status }) => status === "available").map(({ id }) => id));
  return {
    calls,
    requestsFailed: failures.length,
    made: made.length,
    told: told.length,
    // What was told must be heard; and the end of each request must have been told.
    eventsLost: told.filter((at) => !places.has(at)).length + made.filter((id) => !ends.has(id)).length,
    eventsDoubled: heard.length - places.size + made.filter((id) => (ends.get(id)?.length ?? 0) > 1).length,
    reconnections,
    jobsLost: made.filter((id) => !done.has(id)).length,
    jobsDoubled: outcomes.filter(({ downloads }) => downloads > 1).length,
  };
}
