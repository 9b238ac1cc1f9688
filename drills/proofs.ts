import type { Drill, DrillContext } from "./drill.ts";
import type { Clock, DrillResult } from "./evidence.ts";
import { startJob } from "./lib/jobs.ts";

const SECONDS = 3600;

interface Proved {
  readonly passed: boolean;
  readonly seconds: number;
  readonly text?: string;
  readonly failure?: string;
  readonly values: Readonly<Record<string, number>>;
}

interface Sabotaged {
  readonly passed: boolean;
  readonly cases: readonly { readonly name: string; readonly expected: string; readonly found: string }[];
}

/** Proves the newest backup now, also where it is proved: the same Job as the schedule's. */
export const proof: Drill = {
  summary: "the newest backup is restored into a scratch folder and checked, as after each backup; touches nothing",
  destroys: false,
  run: async ({ stack }: DrillContext, clock: Clock): Promise<DrillResult> => {
    const job = await startJob(stack, ["proof.py", "--now"], SECONDS);
    try {
      const { result, log } = await clock.time("restore proof", () => job.result<Proved>());
      const { backup_proof_recovered_lag_seconds: lag, backup_proof_ledger_rows: rows } = result.values;
      return {
        passed: result.passed,
        summary: result.passed
          ? `the newest backup was restored and checked in ${result.seconds} s: ${rows} ledger rows in order, ${lag?.toFixed(1)} s of work were not in the store yet`
          : `${result.failure}: ${result.text}`,
        ...(lag !== undefined && { rpoSeconds: lag }),
        findings: { ...result, log: log.split("\n").slice(0, -2) },
      };
    } finally {
      await job.remove();
    }
  },
};

interface Simulated {
  readonly passed: boolean;
  readonly text?: string;
  readonly rtoSeconds?: number;
  readonly rpoSeconds?: number;
  readonly tableDropped?: { readonly rows: number };
  readonly allLost?: { readonly rows: number; readonly rowsLost: number };
}

/** A recovery on a database of its own, in a scratch pod: what the stack's schedule runs too. */
export const simulation: Drill = {
  summary: "a table dropped and all data lost, on a database of the drill's own in a scratch pod; touches nothing",
  destroys: false,
  run: async ({ stack }: DrillContext, clock: Clock): Promise<DrillResult> => {
    const job = await startJob(stack, ["simulation.py"], SECONDS);
    try {
      const { result } = await clock.time("simulation", () => job.result<Simulated>());
      const { passed, rtoSeconds, rpoSeconds, tableDropped, allLost } = result;
      return {
        passed,
        summary:
          tableDropped && allLost
            ? `a dropped table of ${tableDropped.rows} rows put back; after a total loss ${allLost.rowsLost} of ${allLost.rows} archived rows lost, recovered in ${rtoSeconds} s`
            : `ended early: ${result.text}`,
        ...(rtoSeconds !== undefined && { rtoSeconds }),
        ...(rpoSeconds !== undefined && { rpoSeconds }),
        findings: { ...result },
      };
    } finally {
      await job.remove();
    }
  },
};

/** Damages a repository made for it, and wants each damage found by its name. */
export const sabotage: Drill = {
  summary:
    "the restore proof against 12 damaged backup stores of its own; each must be found and named; touches nothing",
  destroys: false,
  run: async ({ stack }: DrillContext, clock: Clock): Promise<DrillResult> => {
    const job = await startJob(stack, ["sabotage.py"], SECONDS);
    try {
      const { result } = await clock.time("sabotage suite", () => job.result<Sabotaged>());
      const damaged = result.cases.filter(({ expected }) => expected !== "passed");
      const found = damaged.filter(({ expected, found }) => expected === found);
      const alarms = result.cases.filter(({ expected, found }) => expected === "passed" && found !== "passed");
      return {
        passed: result.passed,
        summary: `${found.length} of ${damaged.length} damages found by their name, ${alarms.length} false alarms on the undamaged store`,
        findings: { cases: result.cases },
      };
    } finally {
      await job.remove();
    }
  },
};
