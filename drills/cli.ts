import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { DrillContext, DrillOptions } from "./drill.ts";
import { messageOf, UserError } from "./lib/errors.ts";
import { pulumiProgram, type StackProgram } from "./lib/program.ts";
import { kubectl, namespaceOf, type Stack } from "./lib/stack.ts";
import { DRILLS } from "./run-drill.ts";

/** What the command line says. */
export interface Command {
  readonly kind: string;
  readonly stack: string;
  readonly namespace: string;
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly outputs?: string;
  readonly program?: string;
  readonly configFile?: string;
  readonly evidence: string;
  readonly options: DrillOptions;
  readonly json: boolean;
}

/** In place of a kind of drill: figures over all evidence. It needs no stack. */
export const REPORT = "report";

const REPOSITORY = join(import.meta.dirname, "..");

const FLAGS = {
  stack: { type: "string" },
  namespace: { type: "string" },
  kubeconfig: { type: "string" },
  context: { type: "string" },
  outputs: { type: "string" },
  program: { type: "string" },
  "config-file": { type: "string" },
  evidence: { type: "string" },
  confirm: { type: "string" },
  count: { type: "string" },
  target: { type: "string" },
  image: { type: "string" },
  json: { type: "boolean", default: false },
  help: { type: "boolean", default: false, short: "h" },
} as const;

/** The text of --help. */
export function help(): string {
  const kinds = Object.entries(DRILLS).map(([name, { summary }]) => `  ${name.padEnd(20)} ${summary}`);
  return `Usage: node drills/main.ts KIND --stack NAME [options]

Runs a drill against a stack on any cluster. It needs kubectl on PATH, and pulumi where the drill makes the
stack again or where no file of outputs is given. Both get the environment of this process.

Kinds:
${kinds.join("\n")}

  ${REPORT.padEnd(20)} figures over all evidence: RTO and RPO by kind, MTTR, MTBF (needs no stack)

Options:
  --stack NAME         stack to drill
  --namespace NAME     its namespace (default: media-STACK)
  --kubeconfig FILE    kubeconfig (default: the variable KUBECONFIG, then ~/.kube/config)
  --context NAME       context in it (default: the current one)
  --outputs FILE       outputs of the stack, as written by pulumi stack output --json --show-secrets
                       (default: pulumi is asked)
  --program DIR        folder of Pulumi.yaml (default: the repository)
  --config-file FILE   configuration of the stack, where it is not beside Pulumi.yaml
  --evidence DIR       folder of the evidence (default: evidence/ of the repository)
  --confirm NAME       the stack's name again; needed by a drill that destroys, and by any drill of a stack with users
  --count N            number of repetitions
  --target TIME        point in time to restore to, such as 2026-05-01T12:00:00Z (pitr)
  --image REF          image with both major versions of PostgreSQL (postgres-upgrade)
  --json               print the evidence on stdout
  --help               show this text

Exit status: 0 the drill passed; 2 the drill failed, or something in the call or on the cluster has to be
repaired; 1 an error of this program.`;
}

/** Reads the command line, or returns undefined where help is wanted. @throws UserError that names every flag that is wrong */
export function parseCommand(args: readonly string[]): Command | undefined {
  const { values, positionals } = parsed(args);
  if (values.help || positionals[0] === "help") return undefined;
  const [kind, ...rest] = positionals;
  const remedy = "see node drills/main.ts --help";
  if (!kind) throw new UserError("no kind of drill is given", remedy);
  if (rest.length > 0) throw new UserError(`one kind of drill at a time, not also ${rest.join(" ")}`, remedy);
  if (!values.stack && kind !== REPORT) throw new UserError("no stack is given", "name it: --stack dev");
  const { stack = "", namespace = namespaceOf(stack), kubeconfig, context, outputs, program } = values;
  const { evidence = join(REPOSITORY, "evidence"), confirm, count, target, image, json } = values;
  const { "config-file": configFile } = values;
  return {
    kind,
    stack,
    namespace,
    evidence,
    json,
    ...(kubeconfig && { kubeconfig }),
    ...(context && { context }),
    ...(outputs && { outputs }),
    ...(program && { program }),
    ...(configFile && { configFile }),
    options: {
      ...(confirm !== undefined && { confirm }),
      ...(count !== undefined && { count }),
      ...(target !== undefined && { target }),
      ...(image !== undefined && { image }),
    },
  };
}

function parsed(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], allowPositionals: true, options: FLAGS });
  } catch (error) {
    throw new UserError(messageOf(error), "see node drills/main.ts --help");
  }
}

/** What the drill works on, by kubeconfig and plain pulumi. */
export function contextOf(command: Command, report: (line: string) => void): DrillContext {
  const { configFile, program: folder, kubeconfig: file, context } = command;
  const pulumi = { stack: command.stack, ...(folder && { folder }), ...(configFile && { configFile }) };
  const program = pulumiProgram(pulumi);
  const stack: Stack = {
    name: command.stack,
    namespace: command.namespace,
    kubeconfig: { ...(file && { file }), ...(context && { context }) },
    outputs: outputsOf(command.outputs, program),
  };
  return { stack, program, report, evidenceFolder: command.evidence };
}

function outputsOf(file: string | undefined, program: StackProgram): Stack["outputs"] {
  if (file === undefined) return () => program.outputs();
  return async () => {
    try {
      return JSON.parse(await readFile(file, "utf8")) as Record<string, unknown>;
    } catch (error) {
      throw new UserError(
        `--outputs ${file} cannot be read: ${messageOf(error)}`,
        `write it: pulumi stack output --json --show-secrets --stack NAME > ${file}`,
      );
    }
  };
}

/** Checks that the cluster answers and has the namespace, before a drill touches anything. @throws UserError */
export async function assertReachable(stack: Stack): Promise<void> {
  try {
    await kubectl(stack, ["get", "namespace", stack.namespace, "-o", "name", "--request-timeout=15s"]);
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError(
      `namespace ${stack.namespace} of stack ${stack.name} cannot be read: ${messageOf(error)}`,
      "check --kubeconfig, --context and --namespace",
    );
  }
}
