import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { parseDocument } from "yaml";
import type { Layout } from "../cluster/layout.ts";
import { UserError } from "../lib/errors.ts";
import { REPO } from "../lib/paths.ts";
import { environment, isPublic } from "./environment.ts";
import type { State } from "./pending.ts";

/** One stack on one cluster. */
export interface Stack {
  readonly layout: Layout;
  readonly name: string;
}

/** Where the engine reads the stack's configuration: the committed file, or, for a stack whose salt is private, a copy that adds it. */
const configFile = ({ layout, name }: Stack) =>
  isPublic(name) ? join(REPO, `Pulumi.${name}.yaml`) : join(layout.dir, "config", `Pulumi.${name}.yaml`);

interface CallOptions {
  /** Show its output on the terminal too. @default true */
  readonly show?: boolean;
  /** Its standard input. @default none */
  readonly input?: string;
}

/** Drops what the engine says at every call about our plugins: that it takes them from PATH, as it is meant to. */
function* worthReading(line: unknown) {
  if (!/using pulumi-\S+ from \$PATH/.test(String(line))) yield line;
}

/** Flags by which the engine asks the policy pack about each resource. */
export const POLICIES: readonly string[] = ["--policy-pack", join(REPO, "infra/policy")];

/** The engine lives for seconds: it saves a tenth of its work by collecting garbage less often (Go's own default is 100). */
const ENGINE = { GOGC: "400" };

/** Calls pulumi for the stack. It never asks and never throws: the result has its exit code and output. */
export function pulumi(stack: Stack, args: readonly string[], { show = true, input = "" }: CallOptions = {}) {
  const out = show ? ([worthReading, process.stderr, "pipe"] as const) : ([worthReading, "pipe"] as const);
  return execa("pulumi", [...args, "--stack", stack.name, "--non-interactive", "--color=never"], {
    cwd: REPO,
    env: { ...environment(stack.layout, stack.name), ...ENGINE },
    input,
    stdout: out,
    stderr: out,
    reject: false,
  });
}

/** The verbs that read the configuration take its file by a flag. */
export function pulumiWithConfig(stack: Stack, verb: string, args: readonly string[] = [], options: CallOptions = {}) {
  return pulumi(stack, [verb, "--config-file", configFile(stack), ...args], options);
}

/** The state as the engine exports it; undefined where there is no such stack. */
export async function exported<S>(stack: Stack, ...flags: readonly string[]): Promise<S | undefined> {
  const { exitCode, stdout } = await pulumi(stack, ["stack", "export", ...flags], { show: false });
  return exitCode === 0 ? (JSON.parse(String(stdout)) as S) : undefined;
}

/** Makes the stack if it is not there. @returns its state; empty for a new one */
export async function ensureStack(stack: Stack): Promise<State> {
  const committed = await readCommitted(stack.name);
  const state = await exported<State>(stack);
  if (!state) await initStack(stack, committed);
  if (!isPublic(stack.name)) {
    const document = parseDocument(committed);
    document.set("encryptionsalt", (await readFile(saltFile(stack), "utf8")).trim());
    await writeFile(configFile(stack), String(document), { mode: 0o600 });
  }
  return state ?? {};
}

const saltFile = ({ layout, name }: Stack) => join(layout.dir, "config", `${name}.salt`);

async function readCommitted(name: string): Promise<string> {
  const file = join(REPO, `Pulumi.${name}.yaml`);
  if (!existsSync(file))
    throw new UserError(`there is no stack "${name}"`, "take one of base, dev, staging, perf, prod, dr: STACK=dev");
  return readFile(file, "utf8");
}

/** `stack init` writes a salt beside the project file; done in a folder of its own, the checkout stays clean. */
async function initStack(stack: Stack, committed: string): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "media-stack-"));
  try {
    await writeFile(join(folder, "Pulumi.yaml"), await readFile(join(REPO, "Pulumi.yaml")));
    const local = join(folder, `Pulumi.${stack.name}.yaml`);
    if (isPublic(stack.name)) await writeFile(local, committed);
    const init = await execa("pulumi", ["stack", "init", stack.name, "--non-interactive"], {
      cwd: folder,
      env: environment(stack.layout, stack.name),
      stdin: "ignore",
      reject: false,
    });
    if (init.exitCode !== 0)
      throw new UserError(
        `stack ${stack.name} could not be made: ${init.stderr}`,
        "read the message; the state is in the folder that PULUMI_BACKEND_URL of `make env` names",
      );
    const salt = parseDocument(await readFile(local, "utf8")).get("encryptionsalt");
    await mkdir(join(saltFile(stack), ".."), { recursive: true });
    await writeFile(saltFile(stack), String(salt), { mode: 0o600 });
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** The stack's outputs; undefined while it has none. */
export async function outputs(stack: Stack): Promise<Record<string, unknown> | undefined> {
  const result = await pulumi(stack, ["stack", "output", "--json", "--show-secrets"], { show: false });
  if (result.exitCode !== 0) return undefined;
  const found = JSON.parse(String(result.stdout)) as Record<string, unknown>;
  return Object.keys(found).length > 0 ? found : undefined;
}
