import { credentialsLeaked } from "./credentials-leaked.ts";
import type { Drill, DrillContext, DrillOptions } from "./drill.ts";
import { Clock, type DrillResult, type Evidence, writeEvidence } from "./evidence.ts";
import { failovers } from "./failover.ts";
import { emptyDisks } from "./faults/disk-full.ts";
import { messageOf, UserError } from "./lib/errors.ts";
import { removeJobs } from "./lib/jobs.ts";
import { takeLease } from "./lib/lease.ts";
import { pushMetrics } from "./lib/metrics.ts";
import { dropSchemas } from "./lib/schema.ts";
import { targetOf } from "./lib/stack.ts";
import { SCHEDULED_DRILL } from "./metric-names.ts";
import { pointsInTime } from "./pitr.ts";
import { proof, sabotage, simulation } from "./proofs.ts";
import { recreate, stateLost } from "./recreate.ts";
import { restarts } from "./restarts.ts";
import { tabletop } from "./tabletop.ts";
import { postgresUpgrade } from "./upgrade.ts";

/** The kinds of drills by their names. */
export const DRILLS: Readonly<Record<string, Drill>> = {
  recreate,
  "state-lost": stateLost,
  restarts,
  ...failovers,
  ...pointsInTime,
  "credentials-leaked": credentialsLeaked,
  proof,
  sabotage,
  [SCHEDULED_DRILL]: simulation,
  "postgres-upgrade": postgresUpgrade,
  tabletop,
};

/** Stacks with users. A drill there is confirmed, whatever it does. */
const WITH_USERS = ["prod", "dr"];

/** Finds a kind of drill and checks its options. @throws UserError */
export function drillFor(kind: string, stackName: string, options: DrillOptions): Drill {
  const drill = Object.hasOwn(DRILLS, kind) ? DRILLS[kind] : undefined;
  if (!drill)
    throw new UserError(
      `"${kind}" is not a kind of drill`,
      `take one of: ${Object.keys(DRILLS).join(", ")} (make drill KIND=recreate, or node drills/main.ts recreate)`,
    );
  if (drill.destroys && options.confirm !== stackName)
    throw new UserError(
      `the drill "${kind}" destroys stack ${stackName} with its volumes, and this is not confirmed`,
      `repeat the stack's name: --confirm ${stackName}, or with make CONFIRM=${stackName}`,
    );
  if (WITH_USERS.includes(stackName) && !drill.readOnly && options.confirm !== stackName)
    throw new UserError(
      `the drill "${kind}" injects a fault into stack ${stackName}, which has users, and this is not confirmed`,
      `repeat the stack's name: --confirm ${stackName}, or with make CONFIRM=${stackName}`,
    );
  drill.check?.(options);
  return drill;
}

/**
 * Runs a drill and writes its evidence, also when an error ends the drill.
 *
 * @returns the evidence and its file; `passed` in it says how the drill ended
 * @throws the error that ended the drill
 */
export async function runDrill(kind: string, context: DrillContext, options: DrillOptions) {
  const { stack, report, evidenceFolder } = context;
  const drill = drillFor(kind, stack.name, options);
  const clock = new Clock(report);
  const startedAt = new Date().toISOString();
  const write = async (result: DrillResult) => {
    const evidence: Evidence = {
      version: 1,
      kind,
      stack: stack.name,
      namespace: stack.namespace,
      context: stack.kubeconfig.context ?? "current",
      startedAt,
      endedAt: new Date().toISOString(),
      ...result,
      phases: clock.phases,
    };
    const file = await writeEvidence(evidenceFolder, evidence);
    report(`evidence: ${file}`);
    return { evidence, file };
  };
  const lease = drill.readOnly ? undefined : await takeLease(stack, kind);
  try {
    if (lease) await removeLeftovers(context);
    const result = await drill.run(context, clock, options);
    report(result.summary);
    const written = await write(result);
    if (lease) await push(context, written.evidence);
    return written;
  } catch (error) {
    await write({ passed: false, summary: `ended by an error: ${messageOf(error)}`, findings: {} });
    throw error;
  } finally {
    await lease?.release();
  }
}

/** What a drill that was cut off left behind: it holds no lease any more, so that it does not run. */
async function removeLeftovers({ stack, report }: DrillContext): Promise<void> {
  await removeJobs(stack);
  await emptyDisks(stack).catch((error: unknown) => report(`members' disks were not looked at: ${messageOf(error)}`));
  await dropSchemas(stack).catch((error: unknown) => report(`schemas of earlier drills stay: ${messageOf(error)}`));
}

/** Leaves the figures in Prometheus. Where it cannot be reached the evidence is all there is: that does not fail a drill. */
async function push({ stack, report }: DrillContext, evidence: Evidence): Promise<void> {
  try {
    await pushMetrics(await targetOf(stack), evidence);
    report("its figures are in Prometheus: drill_rto_seconds, drill_rpo_seconds");
  } catch (error) {
    report(`its figures are not in Prometheus: ${messageOf(error)}`);
  }
}

/** Makes a failed drill an error of the command that ran it. @throws UserError */
export function assertPassed({ evidence, file }: { readonly evidence: Evidence; readonly file: string }): void {
  if (!evidence.passed)
    throw new UserError(
      `the drill "${evidence.kind}" failed: ${evidence.summary}`,
      "read the evidence: it has the phases and what was found",
      file,
    );
}
