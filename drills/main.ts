import { assertReachable, contextOf, help, parseCommand, REPORT } from "./cli.ts";
import { exitWith } from "./lib/errors.ts";
import { say } from "./lib/progress.ts";
import { inWords, readEvidence, reportOf } from "./report.ts";
import { assertPassed, drillFor, runDrill } from "./run-drill.ts";

/** `node drills/main.ts KIND --stack NAME …`: a drill on any cluster. See --help. */
async function main(): Promise<void> {
  const command = parseCommand(process.argv.slice(2));
  if (!command) return console.log(help());
  const { kind, options, json } = command;
  if (kind === REPORT) return tell(command.evidence, json);
  drillFor(kind, command.stack, options);
  const context = contextOf(command, say);
  await assertReachable(context.stack);
  const result = await runDrill(kind, context, options);
  if (json) console.log(JSON.stringify(result.evidence, null, 2));
  assertPassed(result);
}

async function tell(folder: string, json: boolean): Promise<void> {
  const report = reportOf(await readEvidence(folder));
  console.log(json ? JSON.stringify(report, null, 2) : inWords(report));
}

try {
  await main();
} catch (error) {
  exitWith(error);
}
