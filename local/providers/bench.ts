import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { credentials } from "@grpc/grpc-js";
import providerGrpc from "@pulumi/pulumi/proto/provider_grpc_pb.js";
import { execa } from "execa";
import emptyPb from "google-protobuf/google/protobuf/empty_pb.js";
import { type Group, timed } from "../bench/measure.ts";
import { type Cluster, clusterFolder, startCluster } from "./stories/cluster.ts";
import { pluginsOf } from "./stories/plugins.ts";
import { Project, succeeded } from "./stories/project.ts";

/** How often a process's memory is looked at while it works. */
const LOOK_MS = 200;

/**
 * The kubernetes plugin that is on PATH, under the real engine and an API server of its own; beside each figure the same without the
 * plugin, measured in the same run.
 */
export const bench: Group = async (measure) => {
  await measure({ name: "plugin: start to first answer", unit: "s", bound: 0.5, runs: 10, once: firstAnswer });
  await measure({
    name: "for comparison: start and end of an empty Node program",
    unit: "s",
    runs: 10,
    once: emptyNode,
  });

  const root = await mkdtemp(join(tmpdir(), "media-bench-"));
  const cluster = await startCluster(await clusterFolder(root));
  try {
    const at = { root, cluster };
    await creates(measure, at);
    await previews(measure, await deployed(at, "small", maps(150)), "150 resources", 4, 5);
    await previews(measure, await deployed(at, "large", maps(1500)), "1,500 resources", 15, 3);
    for (const [count, runs] of [
      [150, 5],
      [1500, 3],
    ] as const) {
      const project = await deployed(at, `bare-${count}`, components(count));
      const once = () => previewed(project);
      await measure({
        name: `for comparison: the same of ${count} components, without a plugin`,
        unit: "s",
        runs,
        once,
      });
    }
  } finally {
    await cluster.stop();
    await rm(root, { recursive: true, force: true });
  }
};

type Measuring = Parameters<Group>[0];
interface Place {
  readonly root: string;
  readonly cluster: Cluster;
}

/** Starts the plugin and asks it one question. */
async function firstAnswer(): Promise<number> {
  const child = spawn("pulumi-resource-kubernetes", [], { stdio: ["ignore", "pipe", "ignore"] });
  const seconds = await timed(async () => {
    const [line] = (await once(child.stdout, "data")) as [Buffer];
    const address = `127.0.0.1:${Number(line.toString().trim())}`;
    const client = new providerGrpc.ResourceProviderClient(address, credentials.createInsecure());
    await new Promise<void>((resolve, reject) =>
      client.getPluginInfo(new emptyPb.Empty(), (error) => (error ? reject(error) : resolve())),
    );
    client.close();
  });
  child.kill();
  await once(child, "exit");
  return seconds;
}

const emptyNode = (): Promise<number> => timed(() => execa("node", ["-e", "0"]));

async function creates(measure: Measuring, at: Place): Promise<void> {
  let run = 0;
  await measure({
    name: "plugin: create of 150 ConfigMaps, by `pulumi up`",
    unit: "s",
    bound: 10,
    runs: 3,
    once: async () => {
      const project = await projectIn(at, `create-${++run}`);
      return timed(() => project.up(maps(150)));
    },
  });
  await measure({
    name: "for comparison: the same by `kubectl apply`",
    unit: "s",
    runs: 3,
    once: async () => {
      const { dir, name, env } = await projectIn(at, `apply-${++run}`);
      const file = join(dir, "maps.json");
      await writeFile(file, JSON.stringify(list(150)));
      return timed(() => execa("kubectl", ["apply", "-n", name, "-f", file], { env }));
    },
  });
}

/** Time of a preview without changes, and, in runs of its own because looking takes time too, the most memory that the plugin has. */
async function previews(measure: Measuring, project: Project, what: string, bound: number, runs: number) {
  await measure({ name: `plugin: no-op preview of ${what}`, unit: "s", bound, runs, once: () => previewed(project) });
  const name = `plugin: peak memory (PSS) in a no-op preview of ${what}`;
  await measure({ name, unit: "MB", bound: 150, runs: 3, once: () => peakMemory(project) });
}

const previewed = (project: Project): Promise<number> =>
  timed(async () => succeeded(await project.run("preview", "--expect-no-changes")));

/** The most memory that the plugin has in a preview, in MB: what it shares with others counts in parts. */
async function peakMemory(project: Project): Promise<number> {
  let [peak, isOver] = [0, false];
  const looking = (async () => {
    let pids: number[] = [];
    for (; !isOver; await sleep(LOOK_MS)) {
      if (pids.length === 0) pids = await pluginsOf(project.env.PULUMI_BACKEND_URL ?? "");
      peak = Math.max(peak, await memoryOf(pids));
    }
  })();
  await previewed(project);
  isOver = true;
  await looking;
  if (peak === 0) throw new Error("no process of the plugin was seen");
  return peak;
}

async function memoryOf(pids: readonly number[]): Promise<number> {
  const texts = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/smaps_rollup`, "utf8").catch(() => "")));
  const sizes = texts.map((text) => Number(/^Pss:\s+(\d+) kB/m.exec(text)?.[1] ?? 0));
  return (sizes.reduce((sum, kib) => sum + kib, 0) * 1024) / 1e6;
}

async function projectIn({ root, cluster }: Place, name: string): Promise<Project> {
  await cluster.client.json("POST", "/api/v1/namespaces", { body: { metadata: { name } } });
  return Project.create(root, name, cluster.kubeconfig);
}

async function deployed(at: Place, name: string, program: string): Promise<Project> {
  const project = await projectIn(at, name);
  // The engine writes the whole state after each step: with 1,500 that takes longer than all the rest, and nobody measures it.
  Object.assign(project.env, { PULUMI_EXPERIMENTAL: "true", PULUMI_SKIP_CHECKPOINTS: "true" });
  await project.up(program);
  return project;
}

const maps = (count: number) => `for (let i = 0; i < ${count}; i++)
  new k8s.core.v1.ConfigMap("m" + i, { metadata: { name: "m" + i, labels: { n: String(i) } }, data: { key: "value " + i } });`;

const components = (count: number) => `for (let i = 0; i < ${count}; i++)
  new pulumi.ComponentResource("bench:index:Nothing", "m" + i, { data: { key: "value " + i } });`;

const list = (count: number) => ({
  apiVersion: "v1",
  kind: "List",
  items: Array.from({ length: count }, (_, i) => ({
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: `m${i}`, labels: { n: String(i) } },
    data: { key: `value ${i}` },
  })),
});
