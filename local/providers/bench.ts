/**
 * Measures the kubernetes plugin that is on PATH, under the real engine and a real API server:
 * `node local/providers/bench.ts` writes one JSON row a line; `bound` is what the figure must not pass, and the exit code says whether one did.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { credentials } from "@grpc/grpc-js";
import providerGrpc from "@pulumi/pulumi/proto/provider_grpc_pb.js";
import emptyPb from "google-protobuf/google/protobuf/empty_pb.js";
import { clusterFolder, startCluster } from "./stories/cluster.ts";
import { Project, succeeded } from "./stories/project.ts";

interface Row {
  name: string;
  n: number;
  median: number;
  min: number;
  max: number;
  unit: string;
  bound: number;
}

const rows: Row[] = [];
function report(name: string, figures: number[], unit: string, bound: number): void {
  const sorted = figures.map((figure) => Math.round(figure * 1000) / 1000).sort((a, b) => a - b);
  const pick = (share: number) => sorted[Math.round((sorted.length - 1) * share)] ?? Number.NaN;
  const row = { name, n: sorted.length, median: pick(0.5), min: pick(0), max: pick(1), unit, bound };
  rows.push(row);
  process.stdout.write(`${JSON.stringify(row)}\n`);
}

const seconds = async (work: () => Promise<unknown>): Promise<number> => {
  const from = performance.now();
  await work();
  return (performance.now() - from) / 1000;
};

async function repeat(times: number, work: () => Promise<number>): Promise<number[]> {
  const figures: number[] = [];
  for (let i = 0; i < times; i++) figures.push(await work());
  return figures;
}

/** Starts the plugin and asks it one question. */
async function firstAnswer(): Promise<void> {
  const child = spawn("pulumi-resource-kubernetes", [], { stdio: ["ignore", "pipe", "ignore"] });
  const [line] = (await once(child.stdout, "data")) as [Buffer];
  const address = `127.0.0.1:${Number(line.toString().trim())}`;
  const client = new providerGrpc.ResourceProviderClient(address, credentials.createInsecure());
  await new Promise<void>((resolve, reject) =>
    client.getPluginInfo(new emptyPb.Empty(), (error) => (error ? reject(error) : resolve())),
  );
  client.close();
  child.kill();
  await once(child, "exit");
}

const maps = (count: number) => `for (let i = 0; i < ${count}; i++)
  new k8s.core.v1.ConfigMap("m" + i, { metadata: { name: "m" + i, labels: { n: String(i) } }, data: { key: "value " + i } });`;

/** The most memory that a plugin of this backend had while the work ran, in MB. */
async function peakMemory(backend: string, work: () => Promise<unknown>): Promise<number> {
  let [peak, isOver] = [0, false];
  const looking = (async () => {
    for (; !isOver; await sleep(200)) peak = Math.max(peak, ...(await pluginMemory(backend)));
  })();
  await work();
  isOver = true;
  await looking;
  if (peak === 0) throw new Error("no process of the plugin was seen");
  return peak;
}

async function pluginMemory(backend: string): Promise<number[]> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const read = (pid: string, file: string) => readFile(`/proc/${pid}/${file}`, "utf8").catch(() => "");
  const found = await Promise.all(
    pids.map(async (pid) => {
      if (!/resource-kubernetes|providers\/kubernetes\/main\.ts/.test(await read(pid, "cmdline"))) return [];
      if (!(await read(pid, "environ")).includes(`PULUMI_BACKEND_URL=${backend}\0`)) return [];
      const [, kib] = /VmHWM:\s+(\d+)/.exec(await read(pid, "status")) ?? [];
      return kib ? [Number(kib) / 1000] : [];
    }),
  );
  return found.flat();
}

report("plugin start to first answer", await repeat(10, () => seconds(firstAnswer)), "s", 0.5);

const root = await mkdtemp(join(tmpdir(), "media-bench-"));
const cluster = await startCluster(await clusterFolder(root));
try {
  const project = async (name: string) => {
    await cluster.client.json("POST", "/api/v1/namespaces", { body: { metadata: { name } } });
    return Project.create(root, name, cluster.kubeconfig);
  };
  const small = [await project("small-1"), await project("small-2"), await project("small-3")];
  const creates: number[] = [];
  for (const one of small) creates.push(await seconds(() => one.up(maps(150))));
  report("create of 150 ConfigMaps", creates, "s", 10);
  const [first] = small as [Project];
  report(
    "no-op preview of 150 resources",
    await repeat(5, () => seconds(async () => succeeded(await first.run("preview")))),
    "s",
    4,
  );

  const large = await project("large");
  // The engine writes the whole state after each step: with 1,500 that takes longer than all the rest, and nobody measures it.
  Object.assign(large.env, { PULUMI_EXPERIMENTAL: "true", PULUMI_SKIP_CHECKPOINTS: "true" });
  await large.up(maps(1500));
  const backend = large.env.PULUMI_BACKEND_URL ?? "";
  const memory: number[] = [];
  const previews = await repeat(3, () =>
    seconds(async () => memory.push(await peakMemory(backend, async () => succeeded(await large.run("preview"))))),
  );
  report("no-op preview of 1500 resources", previews, "s", 15);
  report("peak memory of the plugin, no-op preview of 1500 resources", memory, "MB", 150);
} finally {
  await cluster.stop();
  await rm(root, { recursive: true, force: true });
}
const late = rows.filter(({ median, bound }) => median > bound);
for (const { name } of late) process.stderr.write(`over its bound: ${name}\n`);
process.exit(late.length > 0 ? 1 : 0);
