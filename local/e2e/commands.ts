import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Stack as DrillStack } from "@media/drills/stack";
import { execa } from "execa";
import { processes } from "../cluster/cluster.ts";
import { layoutOf } from "../cluster/layout.ts";
import { family } from "../cluster/processes.ts";
import { eventually } from "../lib/eventually.ts";
import { REPO } from "../lib/paths.ts";
import { access } from "../stack/access.ts";
import type { Stack } from "../stack/pulumi.ts";

/** Ring 4 has a cluster of its own, so that it neither needs nor disturbs the one a person works with. */
export const NAME = "e2e";
export const MINUTE = 60_000;
export const layout = () => layoutOf(NAME);
export const dev = (): Stack => ({ layout: layout(), name: "dev" });
/** The same as drills and checks reach it. */
export const devAccess = (): DrillStack => access(dev());

/** A make verb as a person calls it; its output is kept for the failure's message. */
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

/** The same in a process group of its own, to be killed as a whole, as a closed terminal or a power cut would. */
export function makeInGroup(verb: string) {
  const child = execa("make", ["-s", verb, `NAME=${NAME}`], {
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
    kill: () => process.kill(-(child.pid as number), "SIGKILL"),
  };
}

/** The cluster's processes by name, those inside the namespaces too, with the host's numbers. */
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
