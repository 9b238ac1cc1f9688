import { setTimeout as sleep } from "node:timers/promises";
import { countOf } from "./count.ts";
import type { Drill, DrillContext } from "./drill.ts";
import { type Clock, type DrillResult, secondsSince } from "./evidence.ts";
import { POSTGRES_FAULTS } from "./faults/postgres.ts";
import type { PrimaryFault } from "./faults/primary-fault.ts";
import { REDIS_FAULTS } from "./faults/redis.ts";
import { messageOf } from "./lib/errors.ts";
import { type Notification, notify } from "./lib/notify.ts";
import { summaryOf } from "./lib/sample.ts";
import { type Target, targetOf } from "./lib/stack.ts";
import { refuseTarget } from "./pitr.ts";
import { plotOf } from "./plot.ts";
import { postgres } from "./systems/postgres.ts";
import { redisState } from "./systems/redis-state.ts";
import { FAILOVER_SECONDS, type ReplicatedSystem, type Writes } from "./systems/system.ts";
import { journey } from "./verify/journey.ts";
import { compareWrites, type Gap, gapAfter, WRITES_PER_SECOND } from "./writes.ts";

const STEADY_SECONDS = 3;

/** One fault and what followed, in seconds since the fault. */
interface Round {
  /** When the fault began, in seconds since 1970. */
  readonly fault: number;
  readonly primaryBefore: string;
  readonly primaryAfter: string;
  /** Until the drill saw that the primary is another one, or that it answers again. */
  readonly detectedSeconds: number;
  /** Until a user's request was served from its POST to its delivery. */
  readonly journeySeconds: number;
  /** Until all members were in step again. */
  readonly healthySeconds: number;
  readonly receivers: readonly string[];
}

/** The drills of the failures of a primary, by their kinds. */
export const failovers: Readonly<Record<string, Drill>> = {
  ...drillsOf(postgres, POSTGRES_FAULTS),
  ...drillsOf(redisState, REDIS_FAULTS),
};

function drillsOf(system: ReplicatedSystem, faults: Readonly<Record<string, PrimaryFault>>): Record<string, Drill> {
  return Object.fromEntries(Object.entries(faults).map(([kind, fault]) => [kind, failover(kind, system, fault)]));
}

function failover(kind: string, system: ReplicatedSystem, fault: PrimaryFault): Drill {
  return {
    summary: `${fault.summary} while rows are written (--count, default 1)`,
    destroys: false,
    needsOwner: fault.needsOwner ?? false,
    check: (options) => {
      countOf(options, 1);
      refuseTarget(options, kind);
    },
    run: (context, clock, options) => run({ kind, system, fault, context, clock }, countOf(options, 1)),
  };
}

/** What stays the same over all rounds of a drill. */
interface Exercise {
  readonly kind: string;
  readonly system: ReplicatedSystem;
  readonly fault: PrimaryFault;
  readonly context: DrillContext;
  readonly clock: Clock;
}

async function run(exercise: Exercise, count: number): Promise<DrillResult> {
  const { system, fault, context, clock } = exercise;
  const { stack } = context;
  const target = await targetOf(stack);
  await clock.time("before: all members in step", () => system.healthy(stack));
  const writes = await clock.time(`before: ${WRITES_PER_SECOND} writes a second`, () => system.startWrites(stack));
  try {
    await sleep(STEADY_SECONDS * 1000);
    const rounds: Round[] = [];
    for (let n = 1; n <= count; n++) {
      rounds.push(await round(exercise, count > 1 ? ` ${n} of ${count}` : "", target));
      await sleep(STEADY_SECONDS * 1000);
    }
    return await clock.time("validation: acknowledged rows compared", () =>
      judge(writes, rounds, fault.mostLostSeconds ?? 0),
    );
  } finally {
    await writes.remove();
  }
}

/** The phases of the recovery, each timed. The clock of the round starts at the fault. */
async function round({ kind, system, fault, context, clock }: Exercise, name: string, target: Target): Promise<Round> {
  const { stack, report } = context;
  const primaryBefore = await system.primary(stack);
  const began = performance.now();
  const at = Date.now() / 1000;
  const undo = await clock.time(`fault${name}: ${kind} of ${primaryBefore}`, () =>
    fault.inject(context, primaryBefore),
  );
  try {
    // People are told while the platform recovers by itself, as in reality.
    const told = clock
      .time(`notification${name}`, () => notify(target, kind, `A drill: ${kind} of ${primaryBefore} in ${stack.name}`))
      .catch((error: unknown): Notification => {
        report(`the notification failed: ${messageOf(error)}`);
        return { receivers: [], resolve: async () => {} };
      });
    const primaryAfter = await clock.time(`assessment${name}: which member is primary`, () =>
      system.primaryThatWrites(stack),
    );
    const detectedSeconds = secondsSince(began);
    await clock.time(`activation${name}: a request is served`, () => journey(target, FAILOVER_SECONDS));
    const journeySeconds = secondsSince(began);
    await undo?.();
    await clock.time(`validation${name}: all members in step`, () => system.healthy(stack));
    const healthySeconds = secondsSince(began);
    const { receivers, resolve } = await told;
    await resolve().catch(() => {});
    return { fault: at, primaryBefore, primaryAfter, detectedSeconds, journeySeconds, healthySeconds, receivers };
  } catch (error) {
    await undo?.();
    throw error;
  }
}

/** Compares what was acknowledged with what is there, twice: the second time with a row less, which the check must find. */
async function judge(writes: Writes, rounds: readonly Round[], mostLostSeconds: number): Promise<DrillResult> {
  const written = await writes.stop();
  const rows = await writes.rows();
  const loss = compareWrites(written, rows);
  await writes.lose();
  const control = compareWrites(written, await writes.rows());
  const controlFails = control.rowsLost === loss.rowsLost + 1;
  const gaps = rounds.map(({ fault }, i): Gap => gapAfter(rows, fault, rounds[i + 1]?.fault));
  const gap = summaryOf(gaps.map(({ seconds }) => seconds));
  const rtoSeconds = Math.max(...rounds.map(({ journeySeconds }) => journeySeconds));
  const promoted = gaps.filter(({ timelines: [before, after] }) => before !== after).length;
  return {
    passed: loss.rpoSeconds <= mostLostSeconds && loss.rowsUnexpected === 0 && controlFails,
    summary:
      `${rounds.length} faults: write gap at most ${gap.max} s (median ${gap.median} s), ${promoted} on a new timeline; ` +
      `of ${loss.rowsAcknowledged} acknowledged rows ${loss.rowsLost} lost; a served request after ${rtoSeconds} s at most; ` +
      `the check ${controlFails ? "finds" : "DOES NOT FIND"} a row that is taken away`,
    rtoSeconds,
    rpoSeconds: loss.rpoSeconds,
    findings: {
      writeGapSeconds: gap,
      ...loss,
      controlFails,
      rounds: rounds.map((one, i) => ({ ...one, gap: gaps[i] })),
    },
    plot: plotOf(
      rows.map(({ at }) => at),
      rounds.map(({ fault }) => fault),
      "rows committed, by the database's clock",
    ),
  };
}
