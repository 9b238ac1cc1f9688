import { execFile, spawn } from "node:child_process";
import { mkdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

/** A property value in a state file. */
// biome-ignore lint/suspicious/noExplicitAny: a state file is read as it is; the assertions say what must be in it
type Json = any;

export interface Step {
  op: string;
  /** The resource's name in the program. */
  name: string;
  /** Paths that differ, with how the engine read them. */
  diffs: { [path: string]: { kind: string } };
}

/** What one pulumi command did. */
export interface Run {
  code: number;
  output: string;
  /** In the order in which they were begun; the stack itself and resources that stay the same are left out. */
  steps: Step[];
}

export interface Resource {
  urn: string;
  type: string;
  id: string;
  inputs: Json;
  outputs: Json;
  initErrors?: string[];
}

/** One Pulumi program and its stack, in a folder of their own; the program changes between the commands. */
export class Project {
  readonly name: string;
  readonly dir: string;
  readonly env: { [name: string]: string };

  private constructor(name: string, dir: string, env: { [name: string]: string }) {
    this.name = name;
    this.dir = dir;
    this.env = env;
  }

  static async create(root: string, name: string, kubeconfig: string): Promise<Project> {
    const dir = join(root, name);
    const home = join(root, "pulumi-home");
    await mkdir(dir, { recursive: true });
    await mkdir(home, { recursive: true });
    // As this repository's own program is run.
    const options = { typescript: false, nodeargs: "--max-semi-space-size=64" };
    const program = { name, runtime: { name: "nodejs", options }, main: "index.js" };
    await writeFile(join(dir, "Pulumi.yaml"), JSON.stringify(program));
    await writeFile(join(dir, "package.json"), JSON.stringify({ name, type: "module", main: "index.js" }));
    await symlink(NODE_MODULES, join(dir, "node_modules"));
    const project = new Project(name, dir, {
      PULUMI_HOME: home,
      PULUMI_BACKEND_URL: `file://${dir}`,
      PULUMI_CONFIG_PASSPHRASE: "stories",
      PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
      PULUMI_SKIP_UPDATE_CHECK: "true",
      // The log of events is a debugging option.
      PULUMI_DEBUG_COMMANDS: "true",
      KUBECONFIG: kubeconfig,
      NO_COLOR: "1",
    });
    await project.must("stack", "init", "s");
    await project.config("kubernetes:namespace", name);
    return project;
  }

  /** The program: `body` sees the SDKs `k8s` and `pulumi`, and `opts` of a resource as plain objects. */
  async write(body: string): Promise<void> {
    const imports = ['import * as k8s from "@pulumi/kubernetes";', 'import * as pulumi from "@pulumi/pulumi";'];
    // Without source maps for what has none (infra/index.ts).
    const setup = ["delete Error.prepareStackTrace;", "void [k8s, pulumi];"];
    await writeFile(join(this.dir, "index.js"), [...imports, ...setup, body].join("\n"));
  }

  async config(key: string, value: string): Promise<void> {
    await this.must("config", "set", key, value, "--stack", "s");
  }

  /** Changes the program and deploys it; the outcome is the caller's to judge. */
  async tryUp(body: string, ...args: string[]): Promise<Run> {
    await this.write(body);
    return this.run("up", "--yes", "--skip-preview", ...args);
  }

  /** The same where anything but success is a failed test. */
  async up(body: string, ...args: string[]): Promise<Run> {
    return succeeded(await this.tryUp(body, ...args));
  }

  async preview(body: string, ...args: string[]): Promise<Run> {
    await this.write(body);
    return this.run("preview", ...args);
  }

  async refresh(): Promise<Run> {
    return this.run("refresh", "--yes", "--skip-preview");
  }

  async destroy(...args: string[]): Promise<Run> {
    return this.run("destroy", "--yes", "--skip-preview", ...args);
  }

  /** The resources of the state, by their name in the program; providers and the stack are left out. */
  async state(): Promise<{ [name: string]: Resource }> {
    const { deployment } = JSON.parse(await this.stateText()) as Json;
    const resources = ((deployment.resources ?? []) as Resource[]).filter(({ type }) => !type.startsWith("pulumi:"));
    return Object.fromEntries(resources.map((resource) => [nameIn(resource.urn), resource]));
  }

  /** The state as it is stored, secrets encrypted. */
  async stateText(): Promise<string> {
    return (await this.must("stack", "export", "--stack", "s")).stdout;
  }

  /** Runs a command that says what it does step by step. */
  async run(verb: string, ...args: string[]): Promise<Run> {
    const events = join(this.dir, "events.jsonl");
    await rm(events, { force: true });
    const all = [verb, "--stack", "s", "--non-interactive", "--event-log", events, ...args];
    const child = spawn("pulumi", all, {
      cwd: this.dir,
      env: { ...process.env, ...this.env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (output += chunk));
    const code = await new Promise<number>((resolve) => child.on("close", (status) => resolve(status ?? -1)));
    return { code, output, steps: stepsOf(await readFile(events, "utf8").catch(() => "")) };
  }

  private async must(...args: string[]): Promise<{ stdout: string; stderr: string }> {
    return promisify(execFile)("pulumi", [...args, "--non-interactive"], {
      cwd: this.dir,
      env: { ...process.env, ...this.env },
      maxBuffer: 1 << 28,
    });
  }
}

const NODE_MODULES = join(import.meta.dirname, "../../../node_modules");

export function succeeded(run: Run): Run {
  if (run.code !== 0) throw new Error(`pulumi ended with ${run.code}:\n${run.output}`);
  return run;
}

/** `create a`, `update b`, …: the steps in one line each. */
export const summary = (run: Run): string[] => run.steps.map(({ op, name }) => `${op} ${name}`);

const nameIn = (urn: string): string => urn.split("::").slice(3).join("::");

function stepsOf(events: string): Step[] {
  const lines = events.split("\n").filter(Boolean);
  return lines.flatMap((line): Step[] => {
    const { metadata } = (JSON.parse(line) as Json).resourcePreEvent ?? {};
    if (!metadata || metadata.type.startsWith("pulumi:") || ["same", "refresh", "read"].includes(metadata.op))
      return [];
    return [{ op: metadata.op, name: nameIn(metadata.urn), diffs: metadata.detailedDiff ?? {} }];
  });
}
