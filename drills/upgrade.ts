import type { Drill, DrillContext, DrillOptions } from "./drill.ts";
import type { Clock, DrillResult } from "./evidence.ts";
import { UserError } from "./lib/errors.ts";
import { startJob } from "./lib/jobs.ts";

const SECONDS = 3600;
/** The major version that is rehearsed; the image has it beside the one that runs. */
const NEXT = "18";

/** One way to the next version, as infra/recovery/scripts/upgrade.py tells of it. */
interface Way {
  readonly possible: boolean;
  readonly reason?: string;
  readonly passed?: boolean;
  readonly to?: string;
  /** How long the database would be away. */
  readonly seconds?: number;
  readonly different?: readonly string[];
  readonly changeFound?: boolean;
}

interface Rehearsed {
  readonly passed: boolean;
  readonly failure?: string;
  readonly text?: string;
  readonly from?: string;
  readonly bytes?: number;
  readonly tables?: number;
  readonly ledgerRows?: number;
  readonly obstacleFound?: boolean;
  readonly ways?: { readonly dump: Way; readonly inPlace: Way };
}

/** The next major version of PostgreSQL, on a copy of the newest backup. */
export const postgresUpgrade: Drill = {
  summary:
    "the next major version of PostgreSQL on a copy of the newest backup, in two ways, compared row by row; needs --image; touches nothing",
  destroys: false,
  image: "postgres-next",
  check: ({ image }: DrillOptions) => {
    if (!image)
      throw new UserError(
        "no image with both major versions is given",
        "build local/images/postgres-next, push it and name it: --image registry/postgres-next@sha256:…; make drill does so by itself",
      );
  },
  run: async ({ stack }: DrillContext, clock: Clock, { image = "" }: DrillOptions): Promise<DrillResult> => {
    const job = await startJob(stack, ["upgrade.py", "--to", NEXT], SECONDS, image);
    try {
      const { result, log } = await clock.time("rehearsal", () => job.result<Rehearsed>());
      return {
        passed: result.passed,
        summary: summaryOf(result),
        findings: { ...result, log: log.split("\n").slice(0, -2) },
      };
    } finally {
      await job.remove();
    }
  },
};

function summaryOf({ failure, text, ways, from, bytes = 0, tables, ledgerRows, obstacleFound }: Rehearsed): string {
  if (failure || !ways) return `${failure}: ${text}`;
  return [
    `PostgreSQL ${from}, ${(bytes / 2 ** 20).toFixed(0)} MiB, ${tables} tables and sequences, ${ledgerRows} rows of the ledger`,
    `by dump and load: ${wayInWords(ways.dump)}`,
    `in place: ${wayInWords(ways.inPlace)}`,
    `the planted obstacle was ${obstacleFound ? "found" : "NOT FOUND"}`,
  ].join("; ");
}

function wayInWords({ possible, reason, to, seconds, different = [], changeFound }: Way): string {
  if (!possible) return `closed (${reason})`;
  const differ = different.length === 0 ? "nothing differs" : `${different.join(", ")} DIFFER`;
  return `to ${to} in ${seconds} s, ${differ}, a planted change was ${changeFound ? "found" : "NOT FOUND"}`;
}
