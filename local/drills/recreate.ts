import { kubectl } from "../cluster/cluster.ts";
import { UserError } from "../lib/errors.ts";
import { eventually } from "../lib/eventually.ts";
import { say } from "../lib/progress.ts";
import { deploy, destroy } from "../stack/deploy.ts";
import type { Stack } from "../stack/pulumi.ts";
import { journey, targetOf } from "../verify/journey.ts";
import { inPostgres, namespaceOf, sql } from "../verify/postgres.ts";
import { Clock, round, writeEvidence } from "./evidence.ts";
import { compare, readLedger, writeLedger } from "./ledger.ts";

/** Rows known to be archived before the disaster, and rows written right before it. */
const ARCHIVED_ROWS = 200;
const LATE_ROWS = 20;
const BACKUP_SECONDS = 180;

/**
 * The stack and its volumes are destroyed and brought up from the backup store. The clock runs from the first
 * thing destroyed to a request delivered again.
 */
export async function recreate(stack: Stack): Promise<void> {
  const clock = new Clock(say);
  const started = new Date();
  await clock.time("journey before", async () => journey(await targetOf(stack)));
  await clock.time("a backup in the store", () => waitForBackup(stack));
  const archived = await clock.time("ledger rows, archived", async () => {
    const rows = await writeLedger(stack, ARCHIVED_ROWS, `recreate ${started.toISOString()} archived`);
    await archiveAll(stack);
    return rows;
  });
  const late = await clock.time("ledger rows, just before", () =>
    writeLedger(stack, LATE_ROWS, `recreate ${started.toISOString()} late`),
  );
  const disaster = performance.now();
  await clock.time("power cut", () => powerCut(stack));
  await clock.time("destroy", () => destroy(stack));
  await clock.time("recreate", () => deploy(stack));
  await clock.time("journey after", async () => journey(await targetOf(stack), 120));
  const rtoSeconds = round((performance.now() - disaster) / 1000);
  const acknowledged = [...archived, ...late];
  const result = compare(acknowledged, archived.at(-1)?.seq ?? 0, await readLedger(stack));
  const passed = result.rowsLost === 0 && result.chainIntact;
  const file = await writeEvidence("recreate", {
    kind: "recreate",
    stack: stack.name,
    cluster: stack.layout.name,
    startedAt: started.toISOString(),
    passed,
    rtoSeconds,
    ...result,
    phases: clock.phases,
  });
  say(`evidence: ${file}`);
  say(
    `RTO ${rtoSeconds} s, RPO ${result.rpoSeconds} s, archived rows lost ${result.rowsLost}, later rows lost ${result.rowsLostAfterLastArchive}`,
  );
  if (!passed)
    throw new UserError(
      `the drill failed: ${result.rowsLost} archived rows lost, chain ${result.chainIntact ? "intact" : "broken"}`,
      "read the evidence; the backup store keeps what was archived",
    );
}

/** Ends PostgreSQL on all members at once, as a power cut would: nothing is archived on the way out. */
async function powerCut(stack: Stack): Promise<void> {
  const inNamespace = (...args: string[]) => kubectl(stack.layout, ["-n", namespaceOf(stack), ...args]);
  await inNamespace("delete", "statefulset", "postgres", "--cascade=orphan");
  const { stdout } = await inNamespace("get", "pods", "-l", "app.kubernetes.io/name=postgres", "-o", "name");
  const pods = stdout.split("\n");
  // Everything but process 1, which the kernel shields from its own namespace; it goes with the pod.
  const kill = (pod: string) => inNamespace("exec", pod, "-c", "postgres", "--", "sh", "-c", "kill -9 -1");
  await Promise.allSettled(pods.map(kill));
  await inNamespace("delete", ...pods, "--grace-period=0", "--force");
}

async function waitForBackup(stack: Stack): Promise<void> {
  await eventually("a full backup", BACKUP_SECONDS, async () => {
    const { stdout } = await inPostgres(stack, "primary", ["pgbackrest", "--stanza=main", "--output=json", "info"]);
    const [stanza] = JSON.parse(stdout) as { backup?: unknown[]; status: { message: string } }[];
    if (!stanza?.backup?.length) throw new Error(`pgBackRest reports: ${stanza?.status.message ?? "no stanza"}`);
  });
}

/** Closes the WAL segment and waits until it is in the store. */
async function archiveAll(stack: Stack): Promise<void> {
  const segment = await sql(stack, "primary", "select pg_walfile_name(pg_switch_wal())");
  await eventually(`WAL segment ${segment} in the store`, 60, async () => {
    const last = await sql(stack, "primary", "select coalesce(last_archived_wal, '') from pg_stat_archiver");
    if (last < segment) throw new Error(`the last one archived is ${last || "none"}`);
  });
}
