import { existsSync } from "node:fs";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { isRunning, kubectl, processes } from "../cluster/cluster.ts";
import { clusterNames, type Layout, layoutOf } from "../cluster/layout.ts";
import { UserError } from "../lib/errors.ts";
import { environment, exports, prepareEnvironment } from "../stack/environment.ts";
import { outputs as read } from "../stack/pulumi.ts";
import type { Options } from "./options.ts";

/** Prints the stack's outputs as JSON, with the credentials. */
export async function outputs({ stack, name }: Options): Promise<void> {
  const found = await read({ layout: layoutOf(name), name: stack });
  if (!found) throw new UserError(`stack ${stack} has no outputs: it is not up`, `bring it up: make up STACK=${stack}`);
  console.log(JSON.stringify({ ...found, ...(await caFile(layoutOf(name), stack, found.caPem)) }, null, 2));
}

/** Writes the stack's certificate authority to a file, because curl and browsers take a file. */
async function caFile(layout: Layout, stack: string, pem: unknown): Promise<{ caFile?: string }> {
  if (typeof pem !== "string") return {};
  const file = join(layout.dir, `ca-${stack}.pem`);
  await writeFile(file, pem);
  return { caFile: file };
}

/** Prints shell lines that set up pulumi, kubectl and the tools for the cluster: eval "$(make -s env)". */
export async function env({ stack, name }: Options): Promise<void> {
  const layout = layoutOf(name);
  await prepareEnvironment(layout);
  console.log(exports(environment(layout, stack)));
}

/** Prints every cluster's processes, and the pods of the chosen cluster. */
export async function status({ name, json }: Options): Promise<void> {
  const clusters = clusterNames().map((cluster) => {
    const layout = layoutOf(cluster);
    return { name: cluster, running: isRunning(layout), processes: processes(layout), dir: layout.dir };
  });
  const chosen = clusters.find((cluster) => cluster.name === name);
  const pods = chosen?.running ? await podsOf(name) : [];
  if (json) return console.log(JSON.stringify({ clusters, pods }, null, 2));
  for (const cluster of clusters) {
    console.log(`cluster ${cluster.name}: ${cluster.running ? "running" : "stopped"}  (${cluster.dir})`);
    for (const [process, pid] of Object.entries(cluster.processes)) console.log(`  ${process.padEnd(24)} ${pid}`);
  }
  if (clusters.length === 0) console.log("no cluster yet: make up");
  for (const pod of pods) console.log(`  ${pod.namespace.padEnd(20)} ${pod.name.padEnd(44)} ${pod.state}`);
}

const LAST_LINES = 5;

/** Prints the path and the last lines of each log of the cluster. */
export async function logs({ name }: Options): Promise<void> {
  const { logDir } = layoutOf(name);
  const files = existsSync(logDir) ? (await readdir(logDir)).filter((file) => file.endsWith(".log")).sort() : [];
  for (const file of files) {
    const path = join(logDir, file);
    const lines = (await readFile(path, "utf8")).trimEnd().split("\n").slice(-LAST_LINES);
    console.log(`==> ${path}`);
    for (const line of lines) console.log(`  ${line.slice(0, 300)}`);
  }
  if (files.length === 0) console.log(`cluster ${name} has written no logs`);
}

interface Pod {
  readonly namespace: string;
  readonly name: string;
  readonly state: string;
}

async function podsOf(name: string): Promise<Pod[]> {
  const columns =
    "NS:.metadata.namespace,NAME:.metadata.name,PHASE:.status.phase,READY:.status.containerStatuses[*].ready";
  const { stdout } = await kubectl(layoutOf(name), [
    "get",
    "pods",
    "-A",
    "--no-headers",
    "-o",
    `custom-columns=${columns}`,
  ]).catch(() => ({ stdout: "" }));
  return stdout
    .split("\n")
    .filter(Boolean)
    .map((line) => {
      const [namespace = "", pod = "", phase = "", ready = ""] = line.split(/\s+/);
      return {
        namespace,
        name: pod,
        state: phase === "Running" && ready.includes("false") ? "Running, not ready" : phase,
      };
    });
}
