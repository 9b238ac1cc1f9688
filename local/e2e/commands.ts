import { readFileSync } from "node:fs";
import { cp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { eventually } from "@media/drills/eventually";
import type { Stack as DrillStack } from "@media/drills/stack";
import { execa } from "execa";
import { processes } from "../cluster/cluster.ts";
import { layoutOf } from "../cluster/layout.ts";
import { family } from "../cluster/processes.ts";
import { REPO } from "../lib/paths.ts";
import { access } from "../stack/access.ts";
import type { Stack } from "../stack/pulumi.ts";

/** Ring 4 has a cluster of its own. It does not touch the cluster that a person works with. */
export const NAME = "e2e";
export const MINUTE = 60_000;
export const layout = () => layoutOf(NAME);
export const dev = (): Stack => ({ layout: layout(), name: "dev" });
/** Stack dev as drills and checks reach it. */
export const devAccess = (): DrillStack => access(dev());

/** Runs a make verb as a person does. Its output is in the error of a failure. */
export async function make(
  verb: string,
  ...variables: string[]
): Promise<{ stdout: string; all: string; seconds: number }> {
  const from = performance.now();
  const { stdout, all } = await execa("make", ["-s", verb, `NAME=${NAME}`, ...variables], {
    cwd: REPO,
    all: true,
    stdin: "ignore",
  });
  return { stdout, all, seconds: (performance.now() - from) / 1000 };
}

/** Runs a make verb in a process group of its own, so that the whole group can be killed. */
export function makeInGroup(verb: string, ...variables: string[]) {
  const child = execa("make", ["-s", verb, `NAME=${NAME}`, ...variables], {
    cwd: REPO,
    all: true,
    stdin: "ignore",
    detached: true,
    reject: false,
  });
  let text = "";
  child.all.on("data", (chunk: Buffer) => {
    text += chunk.toString();
  });
  return {
    saw: (pattern: RegExp, milliseconds: number) =>
      eventually(`make ${verb} to print ${pattern}`, milliseconds / 1000, async () => {
        if (!pattern.test(text)) throw new Error(text.slice(-500));
      }),
    /** Its end; it does not throw. */
    ended: child,
    kill: () => process.kill(-(child.pid as number), "SIGKILL"),
  };
}

/** The cluster's processes, also those inside the namespaces: their names and their process ids on the host. */
export function clusterProcesses(): Record<string, number> {
  const host = processes(layout());
  const found: Record<string, number> = { ...host };
  for (const pid of family(host.init ? [host.init] : [])) {
    const [program = "", role] = commandLine(pid);
    const name = program.split("/").at(-1) ?? "";
    if (INSIDE.includes(name)) found[name] = pid;
    if (name === "supervisor" && (role === "inside" || role === "policies")) found[role] = pid;
  }
  return found;
}

export const INSIDE = [
  "etcd",
  "kube-apiserver",
  "kube-controller-manager",
  "kube-scheduler",
  "containerd",
  "kubelet",
  "kube-proxy",
];

function commandLine(pid: number): string[] {
  try {
    return readFileSync(join("/proc", String(pid), "cmdline"), "utf8").split("\0");
  } catch {
    return [];
  }
}

const KEPT_LOGS = join(tmpdir(), "media-e2e-logs");

/** Ends the cluster with its data. The logs of the last run stay, to find out why it failed. */
export async function removeCluster(): Promise<void> {
  await make("down");
  await rm(KEPT_LOGS, { recursive: true, force: true });
  await cp(layout().logDir, KEPT_LOGS, { recursive: true }).catch(() => {});
  await rm(layout().dir, { recursive: true, force: true });
}
