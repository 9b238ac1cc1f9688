/**
 * Records what the controllers of a real API server say while objects come up, as the JSON files beside this one:
 * `node local/providers/kubernetes/recorded/record.ts`, with the tools on PATH, for all of them, or with the names of some. Pods have
 * no kubelet: their status is written here.
 */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { mapAt, type Props } from "../../lib/values.ts";
import { clusterFolder, startCluster } from "../../stories/cluster.ts";
import type { Client } from "../client.ts";

const COLLECTIONS = [
  "/apis/apps/v1/namespaces/default/deployments",
  "/apis/apps/v1/namespaces/default/replicasets",
  "/apis/apps/v1/namespaces/default/statefulsets",
  "/apis/apps/v1/namespaces/default/daemonsets",
  "/apis/batch/v1/namespaces/default/jobs",
  "/api/v1/namespaces/default/services",
  "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices",
  "/api/v1/namespaces/default/persistentvolumeclaims",
];
const READY = ["PodScheduled", "Initialized", "ContainersReady", "Ready"].map((type) => ({ type, status: "True" }));
const RUNNING: Props = { phase: "Running", podIP: "10.9.9.9", podIPs: [{ ip: "10.9.9.9" }], conditions: READY };

const only = process.argv.slice(2);
const root = await mkdtemp(join(tmpdir(), "media-record-"));
const cluster = await startCluster(await clusterFolder(root));
const { client } = cluster;
await until(async () => (await client.list("v1", "ServiceAccount", "default")).length > 0);

const template = (image: string, restartPolicy = "Always"): Props => ({
  metadata: { labels: { a: "x" } },
  spec: { restartPolicy, containers: [{ name: "c", image }] },
});
const selector = { matchLabels: { a: "x" } };

await record("deployment", async (post, patch) => {
  await post("/apis/apps/v1/namespaces/default/deployments", {
    metadata: { name: "o" },
    spec: { replicas: 2, selector, template: template("i:1") },
  });
  await everyPod(2, RUNNING);
  await settle();
  await patch("/apis/apps/v1/namespaces/default/deployments/o", { spec: { template: template("i:2") } });
  for (let i = 0; i < 12; i++) await everyPod(1, RUNNING);
});
await record("statefulset", async (post) => {
  await post("/apis/apps/v1/namespaces/default/statefulsets", {
    metadata: { name: "o" },
    spec: { replicas: 2, serviceName: "o", selector, template: template("i:1") },
  });
  for (let i = 0; i < 6; i++) await everyPod(1, RUNNING);
});
await record("job-complete", async (post) => {
  await post("/apis/batch/v1/namespaces/default/jobs", {
    metadata: { name: "o" },
    spec: { template: template("i:1", "Never") },
  });
  await everyPod(1, { phase: "Succeeded" });
});
await record("job-failed", async (post) => {
  await post("/apis/batch/v1/namespaces/default/jobs", {
    metadata: { name: "o" },
    spec: { backoffLimit: 0, template: template("i:1", "Never") },
  });
  await everyPod(1, { phase: "Failed" });
});
// A pod without a node has no endpoint.
await client.json("POST", "/api/v1/nodes", { body: { metadata: { name: "n" } } });
await record("service", async (post) => {
  await post("/api/v1/namespaces/default/services", {
    metadata: { name: "o" },
    spec: { selector: { a: "x" }, ports: [{ port: 80 }] },
  });
  await post("/api/v1/namespaces/default/pods", {
    metadata: { name: "o", labels: { a: "x" } },
    spec: { ...mapAt(template("i:1"), "spec"), nodeName: "n" },
  });
  const conditions = READY.map((entry) => ({ ...entry, status: entry.type.includes("Ready") ? "False" : "True" }));
  await everyPod(1, { ...RUNNING, conditions });
  await settle();
  await everyPod(1, RUNNING);
});
await client.json("POST", "/api/v1/nodes", { body: { metadata: { name: "m" } } });
await record("daemonset", async (post, patch) => {
  await post("/apis/apps/v1/namespaces/default/daemonsets", {
    metadata: { name: "o" },
    spec: { selector, template: template("i:1") },
  });
  await everyPod(2, RUNNING);
  await settle();
  await patch("/apis/apps/v1/namespaces/default/daemonsets/o", { spec: { template: template("i:2") } });
  for (let i = 0; i < 16; i++) await everyPod(1, RUNNING);
});
await record("claim", async (post) => {
  const spec = { storageClassName: "by-hand", accessModes: ["ReadWriteOnce"] };
  await post("/api/v1/namespaces/default/persistentvolumeclaims", {
    metadata: { name: "o" },
    spec: { ...spec, resources: { requests: { storage: "1Gi" } } },
  });
  await settle();
  await post("/api/v1/persistentvolumes", {
    metadata: { name: "o" },
    spec: { ...spec, capacity: { storage: "1Gi" }, hostPath: { path: "/x" } },
  });
  await until(async () => {
    const [claim] = await client.list("v1", "PersistentVolumeClaim", "default");
    return mapAt(claim, "status").phase === "Bound";
  });
});
await cluster.stop();
await rm(root, { recursive: true });
process.exit(0);

type Send = (path: string, body: Props) => Promise<unknown>;

/** Plays a scenario, then asks the API server for everything that happened meanwhile: no state is missed. */
async function record(name: string, play: (post: Send, patch: Send) => Promise<void>): Promise<void> {
  if (only.length > 0 && !only.includes(name)) return;
  const before = await Promise.all(COLLECTIONS.map((path) => client.json("GET", path)));
  const merge = { contentType: "application/strategic-merge-patch+json" };
  await play(
    (path, body) => client.json("POST", path, { body }),
    (path, body) => client.json("PATCH", path, { body, ...merge }),
  );
  await sleep(5000);
  const texts = await Promise.all(COLLECTIONS.map((path, i) => watched(path, mapAt(before[i], "metadata"))));
  const events = texts
    .flatMap((text) => text.split("\n").filter(Boolean))
    .map((line) => JSON.parse(line) as { type: string; object: Props })
    .sort((a, b) => versionOf(a.object) - versionOf(b.object))
    .map(({ type, object }) => ({ type, object: withoutNoise(object) }));
  await writeFile(join(import.meta.dirname, `${name}.json`), `${JSON.stringify(events, null, 1)}\n`);
  process.stderr.write(`${name}: ${events.length} events\n`);
  await clear(client);
}

function watched(path: string, { resourceVersion }: Props): Promise<string> {
  const query = { watch: "1", resourceVersion: String(resourceVersion), timeoutSeconds: "2" };
  return client.text("GET", path, { query });
}

function versionOf(object: Props): number {
  return Number(mapAt(object, "metadata").resourceVersion);
}

async function clear(api: Client): Promise<void> {
  const paths = [...COLLECTIONS, "/api/v1/namespaces/default/pods", "/api/v1/persistentvolumes"];
  for (const path of paths.filter((entry) => !entry.endsWith("/services"))) {
    await api.json("DELETE", path, { query: { gracePeriodSeconds: "0" } });
  }
  await api.json("DELETE", "/api/v1/namespaces/default/services/o").catch(() => {});
  await until(async () => (await api.list("v1", "Pod", "default")).length === 0);
}

async function everyPod(atLeast: number, status: Props): Promise<void> {
  await until(async () => (await client.list("v1", "Pod", "default")).length >= atLeast);
  for (const pod of await client.list("v1", "Pod", "default")) {
    const path = `/api/v1/namespaces/default/pods/${mapAt(pod, "metadata").name}/status`;
    await client.json("PATCH", path, { body: { status }, contentType: "application/merge-patch+json" }).catch(() => {});
  }
  await sleep(300);
}

function withoutNoise(object: Props): Props {
  const { managedFields: _, ...metadata } = mapAt(object, "metadata");
  return { ...object, metadata };
}

function settle(): Promise<void> {
  return sleep(1500);
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  for (const end = Date.now() + 60_000; Date.now() < end; await sleep(100)) if (await holds()) return;
  throw new Error("the cluster did not come to the state that the recording waits for");
}
