import type { Drill, DrillContext, DrillOptions } from "./drill.ts";
import { Clock, type DrillResult, type Evidence, writeEvidence } from "./evidence.ts";
import { messageOf, UserError } from "./lib/errors.ts";
import { recreate } from "./recreate.ts";
import { restarts } from "./restarts.ts";

/** The kinds of drills by their names. */
export const DRILLS: Readonly<Record<string, Drill>> = { recreate, restarts };

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
  let result: DrillResult;
  try {
    result = await drill.run(context, clock, options);
  } catch (error) {
    await write({ passed: false, summary: `ended by an error: ${messageOf(error)}`, findings: {} });
    throw error;
  }
  report(result.summary);
  return write(result);
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
