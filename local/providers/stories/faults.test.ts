import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "@jest/globals";
import { pluginsOf } from "./plugins.ts";
import { succeeded, summary } from "./project.ts";
import { eventually, world } from "./story.ts";

const w = world();

const deployment = `new k8s.apps.v1.Deployment("d", { metadata: { name: "d" }, spec: { replicas: 1,
  selector: { matchLabels: { a: "x" } }, template: { metadata: { labels: { a: "x" } },
  spec: { containers: [{ name: "c", image: "example.org/i:1" }] } } } });`;
const PATH = (namespace: string) => `/apis/apps/v1/namespaces/${namespace}/deployments/d`;

/** The story plays the kubelet: every pod that there is becomes ready. */
async function makeReady(namespace: string): Promise<void> {
  const pods = await eventually("a pod", async () => {
    const found = await w.client.list("v1", "Pod", namespace);
    return found.length > 0 && found;
  });
  const conditions = ["PodScheduled", "Initialized", "ContainersReady", "Ready"].map((type) => ({
    type,
    status: "True",
  }));
  for (const pod of pods) {
    const path = `/api/v1/namespaces/${namespace}/pods/${(pod.metadata as { name: string }).name}/status`;
    const body = { status: { phase: "Running", conditions } };
    await w.client.json("PATCH", path, { body, contentType: "application/merge-patch+json" });
  }
}

describe("faults", () => {
  test("the API server goes away while a Deployment is waited for, and comes back", async () => {
    const project = await w.project("away");
    const up = project.tryUp(deployment);
    await eventually("the Deployment", () => w.get(PATH("away")));
    await w.cluster.killApi();
    await sleep(1500);
    await w.cluster.startApi();
    await makeReady("away");
    succeeded(await up);
    expect((await project.state()).d?.outputs.status.readyReplicas).toBe(1);
    expect(summary(await project.up(deployment))).toEqual([]);
  });

  test("an update while the API server is away fails, changes nothing, and works when it is back", async () => {
    const project = await w.project("gone");
    const map = (label: string) =>
      `new k8s.core.v1.ConfigMap("m", { metadata: { name: "m", labels: { a: "${label}" } }, data: { k: "v" } });`;
    await project.up(map("1"));
    const before = (await project.state()).m;
    await w.cluster.killApi();
    try {
      const preview = await project.preview(map("2"));
      expect(succeeded(preview).steps.map(({ op }) => op)).toEqual(["update"]);
      const failed = await project.tryUp(map("2"));
      expect(failed.code).not.toBe(0);
      expect(failed.output).toMatch(/cannot reach the cluster|connection refused|unreachable/i);
      expect((await project.state()).m?.outputs).toEqual(before?.outputs);
    } finally {
      await w.cluster.startApi();
    }
    expect(summary(await project.up(map("2")))).toEqual(["update m"]);
  });

  test("a preview needs no cluster at all", async () => {
    const project = await w.project("nocluster");
    project.env.KUBECONFIG = join(project.dir, "no-such-file");
    const preview = succeeded(await project.preview(deployment));
    expect(summary(preview)).toEqual(["create d"]);
    const up = await project.tryUp(deployment);
    expect(up.code).not.toBe(0);
    expect(await project.state()).toEqual({});
  });

  test("the plugin is killed in the middle of a create: the next up takes the object over and goes on", async () => {
    const project = await w.project("killed");
    const first = project.tryUp(deployment);
    const { uid } = (await eventually("the Deployment", () => w.get(PATH("killed")))).metadata as { uid: string };
    const pids = await pluginsOf(project.env.PULUMI_BACKEND_URL ?? "");
    expect(pids.length).toBeGreaterThan(0);
    for (const pid of pids) process.kill(pid, "SIGKILL");
    expect((await first).code).not.toBe(0);
    expect((await project.state()).d).toBeUndefined();

    // The official plugin keeps no record of what it was about; it takes over when it is told to.
    await project.config("kubernetes:upsertExistingObjects", "true");
    const second = project.tryUp(deployment);
    await makeReady("killed");
    expect(summary(succeeded(await second))).toEqual(["create d"]);
    expect((await project.state()).d?.outputs.metadata.uid).toBe(uid);
  });
});
