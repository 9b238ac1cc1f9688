import { describe, expect, test } from "@jest/globals";
import * as pulumi from "@pulumi/pulumi";
import type { Access, AccessType } from "./endpoints.ts";
import { leftAlone } from "./kinds.ts";
import { type Changes, changed, planContext } from "./lib.fixtures.ts";
import type { PlanContext } from "./pod.plan.ts";
import { planWorkload } from "./workload.plan.ts";
import type { DeploymentSpec, Manifest } from "./workload.types.ts";

function plan(changes: Changes = {}, context: Partial<PlanContext> = {}) {
  return planWorkload(changed(changes), { ...planContext, ...context });
}

// biome-ignore lint/suspicious/noExplicitAny: manifests are read at arbitrary paths.
function controllerSpec(changes: Changes = {}, context: Partial<PlanContext> = {}): any {
  return plan(changes, context).controller({}).spec;
}

/** The value inside an Output, which needs no engine when it is known. */
function settled<T>(output: pulumi.Output<T>): Promise<T> {
  return new Promise((resolve) => output.apply(resolve));
}

const names = (manifests: Manifest[]) =>
  manifests.map(({ kind, metadata }) => `${kind} ${metadata.namespace}/${metadata.name}`);

const schedule = { cron: "*/5 * * * *", deadlineSeconds: 40 };

describe("controllers", () => {
  test("are Deployments unless something else is asked for", () => {
    const kinds = [undefined, "StatefulSet", "DaemonSet", "Job", "CronJob"] as const;
    const made = kinds.map((kind) => plan({ ...(kind ? { kind } : {}), schedule } as Changes).controller({}));
    expect(names(made)).toEqual([
      "Deployment media-dev/worker",
      "StatefulSet media-dev/worker",
      "DaemonSet media-dev/worker",
      "Job media-dev/undefined",
      "CronJob media-dev/worker",
    ]);
  });

  test("a Deployment starts the new pod first, or last when a volume is in the way", () => {
    expect(controllerSpec()).toMatchObject({
      replicas: 1,
      progressDeadlineSeconds: 300,
      strategy: { type: "RollingUpdate" },
    });
    expect(controllerSpec({ rollout: { recreate: true }, replicas: 2, timeoutSeconds: 9 })).toMatchObject({
      replicas: 2,
      progressDeadlineSeconds: 9,
      strategy: { type: "Recreate" },
    });
  });

  test("with an autoscaler the Deployment begins with the fewest pods, and the autoscaler has its bounds", () => {
    const pace = { settleSeconds: 60, pods: 2, everySeconds: 15 };
    const requests = { name: "requests", per: "pod", target: 50 } as const;
    const age = { name: "age", per: "workload", target: 30 } as const;
    const autoscale = { maxReplicas: 5, cpuMilli: 400, figures: [requests, age], pace: { up: pace, down: pace } };
    expect(controllerSpec({ replicas: 2, autoscale })).toHaveProperty("replicas", 2);
    expect(leftAlone(changed({ replicas: 2, autoscale }))).toEqual(["spec.replicas"]);
    expect(leftAlone(changed({ replicas: 2 }))).toEqual([]);
    const { autoscalers, disruptionBudgets } = plan({ replicas: 2, autoscale });
    expect(names(autoscalers)).toEqual(["HorizontalPodAutoscaler media-dev/worker"]);
    expect(autoscalers[0]?.spec).toMatchObject({
      scaleTargetRef: { kind: "Deployment", name: "worker" },
      minReplicas: 2,
      maxReplicas: 5,
      metrics: [
        { resource: { name: "cpu", target: { type: "AverageValue", averageValue: "400m" } } },
        {
          type: "External",
          external: {
            metric: { name: "requests", selector: { matchLabels: { workload: "worker" } } },
            target: { type: "AverageValue", averageValue: "50" },
          },
        },
        { external: { target: { type: "Value", value: "30" } } },
      ],
      behavior: {
        scaleUp: { stabilizationWindowSeconds: 60, policies: [{ type: "Pods", value: 2, periodSeconds: 15 }] },
      },
    });
    expect(disruptionBudgets).toHaveLength(1);
    expect(plan({ replicas: 2 }).autoscalers).toEqual([]);
  });

  test("a CronJob's runs do not overlap, do not repeat a failure, and end in their time", () => {
    const spec = controllerSpec({ kind: "CronJob", schedule });
    expect(spec).toMatchObject({ schedule: "*/5 * * * *", timeZone: "Etc/UTC", concurrencyPolicy: "Forbid" });
    expect(spec).toMatchObject({
      startingDeadlineSeconds: 40,
      successfulJobsHistoryLimit: 1,
      failedJobsHistoryLimit: 1,
    });
    expect(spec.jobTemplate.spec).toMatchObject({ backoffLimit: 0, activeDeadlineSeconds: 40 });
    expect(spec.jobTemplate.spec.template.spec.restartPolicy).toBe("Never");
    // Nothing of a Deployment's.
    for (const field of ["selector", "template", "replicas", "strategy"]) expect(spec).not.toHaveProperty(field);
  });

  test("a StatefulSet starts its pods together, or one by one", () => {
    const set = { kind: "StatefulSet" } as const;
    expect(controllerSpec(set)).toMatchObject({ podManagementPolicy: "Parallel", serviceName: "worker", replicas: 1 });
    expect(controllerSpec({ ...set, podManagement: "OrderedReady", serviceName: "members", members: 3 })).toMatchObject(
      {
        podManagementPolicy: "OrderedReady",
        serviceName: "members",
        replicas: 3,
      },
    );
  });

  test("a StatefulSet's volumes stay when it goes: they are claims of the stack", () => {
    const volumes: DeploymentSpec["volumes"] = { data: { type: "claim", path: "/data", sizeGi: 3 } };
    const spec = controllerSpec({ kind: "StatefulSet", volumes }, { storageClass: "fast" });
    expect(spec.persistentVolumeClaimRetentionPolicy).toEqual({ whenDeleted: "Retain", whenScaled: "Retain" });
    expect(spec.volumeClaimTemplates[0].spec).toEqual({
      accessModes: ["ReadWriteOnce"],
      resources: { requests: { storage: "3Gi" } },
      storageClassName: "fast",
    });
  });
});

describe("files", () => {
  const files = { config: { path: "/etc/app", data: { b: "2", a: "1" } } };
  const secrets = { keys: { path: "/run/secrets", data: { key: "hush" } } };

  test("that roll the pods have no name and cannot change; those reread keep theirs", () => {
    const rolling = plan({ files, secrets }).files;
    expect(Object.values(rolling).map(({ metadata, immutable }) => [metadata.name, immutable])).toEqual([
      [undefined, true],
      [undefined, true],
    ]);
    const reread = plan({
      files: { config: { ...files.config, reload: true } },
      secrets: { keys: { ...secrets.keys, reload: true } },
    }).files;
    expect(Object.values(reread).map(({ metadata, immutable }) => [metadata.name, immutable])).toEqual([
      ["worker-config", undefined],
      ["worker-keys", undefined],
    ]);
  });

  test("are sorted, and secret ones encoded and secret to the engine too", async () => {
    const { config, keys } = plan({ files, secrets }).files;
    expect(Object.keys(config?.data as object)).toEqual(["a", "b"]);
    const { key } = (keys as Manifest).data as { key: pulumi.Output<string> };
    expect(await settled(key)).toBe(Buffer.from("hush").toString("base64"));
    expect(await pulumi.isSecret(key)).toBe(true);
  });
});

describe("what comes with a workload", () => {
  test("one claim per volume that asks for one", () => {
    const volumes: DeploymentSpec["volumes"] = {
      data: { type: "claim", path: "/data", sizeGi: 2 },
      run: { type: "scratch", path: "/run" },
    };
    const { claims } = plan({ volumes });
    expect(Object.keys(claims)).toEqual(["data"]);
    expect(claims.data).toMatchObject({
      metadata: { name: "worker-data" },
      spec: { resources: { requests: { storage: "2Gi" } } },
    });
  });

  test("one claim per member of a StatefulSet, by the name at which it finds it", () => {
    const volumes: DeploymentSpec["volumes"] = { data: { type: "claim", path: "/data", sizeGi: 2 } };
    const { claims } = plan({ volumes, kind: "StatefulSet", members: 2 });
    expect(Object.values(claims).map(({ metadata }) => metadata.name)).toEqual(["data-worker-0", "data-worker-1"]);
    expect(Object.keys(claims)).toEqual(["data-0", "data-1"]);
  });

  test("a disruption budget from two replicas on", () => {
    expect(plan().disruptionBudgets).toEqual([]);
    expect(plan({ replicas: 2 }).disruptionBudgets[0]).toMatchObject({ spec: { maxUnavailable: 1 } });
    expect(plan({ kind: "StatefulSet", members: 2 }).disruptionBudgets).toHaveLength(1);
    expect(plan({ kind: "DaemonSet" }).disruptionBudgets).toEqual([]);
  });

  test("roles with their bindings, those of the cluster under the stack's name", () => {
    const rules = [{ apiGroups: [""], resources: ["pods"], verbs: ["get"] }];
    expect(plan().rbac).toEqual([]);
    expect(names(plan({ rbac: { namespace: rules, cluster: rules } }).rbac)).toEqual([
      "Role media-dev/worker",
      "RoleBinding media-dev/worker",
      "ClusterRole undefined/media-dev-worker",
      "ClusterRoleBinding undefined/media-dev-worker",
    ]);
  });
});

describe("services", () => {
  const service = (name: string, changes: Changes, context: Partial<PlanContext> = {}) =>
    plan(changes, context).services.find(({ metadata }) => metadata.name === name) as Manifest;

  test("stay inside unless they are exposed", () => {
    expect(service("api", { name: "api" }).spec).toMatchObject({ type: "ClusterIP" });
    expect(service("gateway", { name: "gateway" }).spec).toMatchObject({ type: "NodePort" });
  });

  test("keep visitors' addresses where they come through a node, at the gateway and nowhere else", () => {
    const policy = (name: "gateway" | "loki", reached: AccessType) => {
      const access = { type: reached, direct: true };
      const { type, externalTrafficPolicy } = service(name, { name }, { access }).spec as Record<string, string>;
      return [type, externalTrafficPolicy];
    };
    expect(policy("gateway", "NodePort")).toEqual(["NodePort", "Local"]);
    expect(policy("gateway", "LoadBalancer")).toEqual(["LoadBalancer", "Local"]);
    // Kubernetes refuses it there.
    expect(policy("gateway", "ClusterIP")).toEqual(["ClusterIP", undefined]);
    expect(policy("loki", "NodePort")).toEqual(["NodePort", undefined]);
  });

  test("get a load balancer only where they are public, and node ports past the sign-in only where that is wanted", () => {
    for (const name of ["prometheus", "loki", "jaeger", "pushgateway"] as const) {
      const typeBy = (access: Access) => (service(name, { name }, { access }).spec as { type: string }).type;
      expect(typeBy({ type: "LoadBalancer", direct: true })).toBe("ClusterIP");
      expect(typeBy({ type: "NodePort", direct: false })).toBe("ClusterIP");
      expect(typeBy({ type: "NodePort", direct: true })).toBe("NodePort");
    }
  });

  test("are not waited for, but for a load balancer's address", () => {
    const skip = { "pulumi.com/skipAwait": "true" };
    expect(service("gateway", { name: "gateway" }).metadata.annotations).toEqual(skip);
    const balanced = { access: { type: "LoadBalancer", direct: false } } as const;
    expect(service("gateway", { name: "gateway" }, balanced).metadata.annotations).toBeUndefined();
    expect(service("api", { name: "api" }, balanced).metadata.annotations).toEqual(skip);
  });

  test("have the load balancer's annotations and policy where they are public, and 443", () => {
    const publicService = { annotations: { "example.com/type": "nlb" }, externalTrafficPolicy: "Cluster" } as const;
    const context = { access: { type: "LoadBalancer", direct: false }, publicService } as const;
    const { metadata, spec } = service("gateway", { name: "gateway" }, context);
    expect(metadata.annotations).toEqual(publicService.annotations);
    expect(spec).toMatchObject({
      externalTrafficPolicy: "Cluster",
      ports: [{ name: "https", port: 443, targetPort: "https" }],
    });
    for (const name of ["gateway-inside", "api"])
      expect(service(name, { name: name === "api" ? "api" : "gateway" }, context).metadata.annotations).toEqual({
        "pulumi.com/skipAwait": "true",
      });
  });

  test("of PostgreSQL: the primary by Patroni's word, the replicas by their role, all members by name", () => {
    const name = "postgres" as const;
    expect(service("postgres", { name }).spec).not.toHaveProperty("selector");
    expect(service("postgres-replicas", { name }).spec).toMatchObject({ selector: { role: "replica" } });
    expect(service("postgres-members", { name }).spec).toMatchObject({
      clusterIP: "None",
      publishNotReadyAddresses: true,
    });
  });
});
