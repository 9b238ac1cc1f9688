import { describe, expect, test } from "@jest/globals";
import type { Props } from "../lib/values.ts";
import { succeeded, summary } from "./project.ts";
import { eventually, world } from "./story.ts";

const w = world();

/** There is no kubelet: the story says what the pods' nodes would. */
async function setPods(namespace: string, status: Props): Promise<void> {
  const pods = await eventually("a pod", async () => {
    const found = await w.client.list("v1", "Pod", namespace);
    return found.length > 0 && found;
  });
  for (const pod of pods) {
    const path = `/api/v1/namespaces/${namespace}/pods/${(pod.metadata as Props).name}/status`;
    await w.client.json("PATCH", path, { body: { status }, contentType: "application/merge-patch+json" });
  }
}

const condition = (type: string, status = "True"): Props => ({ type, status });
const READY: Props = {
  phase: "Running",
  podIP: "10.9.9.9",
  podIPs: [{ ip: "10.9.9.9" }],
  conditions: ["PodScheduled", "Initialized", "ContainersReady", "Ready"].map((type) => condition(type)),
};
const DONE: Props = {
  phase: "Succeeded",
  conditions: [condition("PodScheduled"), condition("Initialized"), condition("Ready", "False")],
};

const pod = `{ metadata: { labels: { a: "x" } }, spec: { restartPolicy: RESTART, containers: [{ name: "c", image: "example.org/i:TAG" }] } }`;
const template = (tag: string, restart = "Always") => pod.replace("RESTART", `"${restart}"`).replace("TAG", tag);

describe("waits", () => {
  test("a Deployment and its Service are ready when the pods are, at creation and at each rollout", async () => {
    const project = await w.project("rollout");
    const program = (tag: string) => `
      const d = new k8s.apps.v1.Deployment("d", { metadata: { name: "d" }, spec: { replicas: 1, strategy: { type: "Recreate" },
        selector: { matchLabels: { a: "x" } }, template: ${template(tag)} } });
      new k8s.core.v1.Service("s", { metadata: { name: "s" }, spec: { selector: { a: "x" }, ports: [{ port: 80 }] } }, { dependsOn: d });
      export const replicas = d.status.readyReplicas;`;
    const first = project.tryUp(program("1"));
    await setPods("rollout", READY);
    succeeded(await first);
    const state = await project.state();
    expect(state.d?.outputs.status.readyReplicas).toBe(1);
    expect(state.s?.id).toBe("rollout/s");

    const second = project.tryUp(program("2"));
    await eventually("the new pod", async () => {
      const pods = await w.client.list("v1", "Pod", "rollout");
      return pods.length === 1 && JSON.stringify(pods).includes("example.org/i:2");
    });
    await setPods("rollout", READY);
    expect(summary(succeeded(await second))).toEqual(["update d"]);
    expect((await project.state()).d?.outputs.metadata.annotations["deployment.kubernetes.io/revision"]).toBe("2");
    expect(summary(await project.up(program("2")))).toEqual([]);
  });

  test("a wait that runs out keeps the object, fails the step, and the next up goes on waiting", async () => {
    const project = await w.project("late");
    const program = `new k8s.apps.v1.Deployment("d", { metadata: { name: "d" }, spec: { replicas: 1,
      selector: { matchLabels: { a: "x" } }, template: ${template("1")} } }, { customTimeouts: { create: "3s", update: "60s" } });`;
    const failed = await project.tryUp(program);
    expect(failed.code).not.toBe(0);
    expect(failed.output).toMatch(/not ready|timed out/i);
    const late = (await project.state()).d;
    expect(late?.id).toBe("late/d");
    expect(late?.initErrors?.length).toBeGreaterThan(0);
    const uid = late?.outputs.metadata.uid;

    const resumed = project.tryUp(program);
    await setPods("late", READY);
    expect(summary(succeeded(await resumed))).toEqual(["update d"]);
    const ready = (await project.state()).d;
    expect(ready?.initErrors ?? []).toEqual([]);
    expect(ready?.outputs.metadata.uid).toBe(uid);
  });

  test("a Job is waited for, and one that changes is replaced", async () => {
    const project = await w.project("job");
    const program = (tag: string) => `new k8s.batch.v1.Job("j", { metadata: { name: "j" },
      spec: { backoffLimit: 0, template: ${template(tag, "Never")} } });`;
    const first = project.tryUp(program("1"));
    await setPods("job", DONE);
    succeeded(await first);
    expect((await project.state()).j?.outputs.status.succeeded).toBe(1);

    const second = project.tryUp(program("2"));
    await eventually("the second pod", async () =>
      JSON.stringify(await w.client.list("v1", "Pod", "job")).includes("example.org/i:2"),
    );
    await setPods("job", { phase: "Failed", conditions: [condition("PodScheduled")] });
    const failed = await second;
    expect(failed.code).not.toBe(0);
    expect(failed.output).toMatch(/BackoffLimitExceeded|backoff limit/);
    expect(summary(failed)).toEqual(["delete-replaced j", "replace j", "create-replacement j"]);
    expect((await project.state()).j?.initErrors?.length).toBeGreaterThan(0);
  });

  test("a claim is waited for until it is bound; its size is asked for in place", async () => {
    const project = await w.project("claims");
    const program = (size: string) => `
      const pv = new k8s.core.v1.PersistentVolume("pv", { metadata: { name: "story-pv" }, spec: { storageClassName: "by-hand",
        capacity: { storage: "2Gi" }, accessModes: ["ReadWriteOnce"], hostPath: { path: "/nowhere" } } });
      new k8s.core.v1.PersistentVolumeClaim("pvc", { metadata: { name: "c" }, spec: { storageClassName: "by-hand",
        accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "${size}" } } } }, { dependsOn: pv });`;
    succeeded(await project.tryUp(program("1024Mi")));
    const claim = (await project.state()).pvc;
    expect(claim?.outputs.status.phase).toBe("Bound");
    // The same size in other words is no change.
    expect(summary(await project.up(program("1Gi")))).toEqual([]);
    expect(summary(await project.preview(program("2Gi")))).toEqual(["update pvc"]);
  });

  test("a finalizer that hangs: the timeout names it, the state keeps the object, and the next destroy ends it", async () => {
    const project = await w.project("finalizer");
    const program = `new k8s.core.v1.ConfigMap("m", { metadata: { name: "m", finalizers: ["example.org/hold"] }, data: { a: "1" } },
      { customTimeouts: { delete: "3s" } });`;
    await project.up(program);
    const failed = await project.destroy();
    expect(failed.code).not.toBe(0);
    expect(failed.output).toMatch(/finalizers might be preventing deletion/);
    expect(Object.keys(await project.state())).toEqual(["m"]);

    const path = "/api/v1/namespaces/finalizer/configmaps/m";
    const body = { metadata: { finalizers: null } };
    await w.client.json("PATCH", path, { body, contentType: "application/merge-patch+json" });
    succeeded(await project.destroy());
    expect(await project.state()).toEqual({});
    expect(await w.get(path)).toBeUndefined();
  });
});
