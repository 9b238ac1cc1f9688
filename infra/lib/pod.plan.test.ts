import { describe, expect, test } from "@jest/globals";
import { type Changes, changed, planContext } from "./lib.fixtures.ts";
import { podTemplate } from "./pod.plan.ts";
import type { DaemonSetSpec, DeploymentSpec } from "./workload.types.ts";

// biome-ignore lint/suspicious/noExplicitAny: manifests are read at arbitrary paths.
function template(changes: Changes = {}, names = {}): any {
  return podTemplate(changed(changes), planContext, names);
}

// biome-ignore lint/suspicious/noExplicitAny: containers are read at arbitrary paths.
function main(changes: Changes = {}, names = {}): any {
  return template(changes, names).spec.containers[0];
}

describe("the main container", () => {
  test("has the ports of the table that no sidecar claims", () => {
    const sidecar = { image: "redis-exporter", ports: ["metrics"], resources: { memoryMi: 10 } } as const;
    const spec = template({
      name: "redis-cache",
      sidecars: { exporter: { ...sidecar, ports: [...sidecar.ports] } },
    }).spec;
    expect(spec.containers.map((c: { ports: unknown }) => c.ports)).toEqual([
      [{ name: "redis", containerPort: 6379 }],
      [{ name: "metrics", containerPort: 9121 }],
    ]);
  });

  test("has no ports when the table does not know it", () => {
    expect(main({ name: "migration" }).ports).toBeUndefined();
  });

  test("gets sorted variables, from values and from fields of the pod", () => {
    const env = { B: "2", A: { field: "status.podIP" } };
    expect(main({ env }).env).toEqual([
      { name: "A", valueFrom: { fieldRef: { fieldPath: "status.podIP" } } },
      { name: "B", value: "2" },
    ]);
  });

  test("waits before it stops, as long as told, or not at all", () => {
    const wait = (drain: DeploymentSpec["drain"]) => main(drain ? { drain } : {}).lifecycle?.preStop.sleep.seconds;
    expect([wait(undefined), wait({}), wait({ preStopSeconds: 9 }), wait({ preStopSeconds: 0 })]).toEqual([
      5,
      5,
      9,
      undefined,
    ]);
    for (const kind of ["Job", "CronJob"] as const) expect(main({ kind }).lifecycle).toBeUndefined();
  });

  test("asks for a quarter of its memory unless told otherwise, and for little CPU", () => {
    expect(main().resources).toEqual({ requests: { cpu: "10m", memory: "25Mi" }, limits: { memory: "100Mi" } });
    const resources = { memoryMi: 100, requestMi: 70, cpuMilli: 20 };
    expect(main({ resources }).resources.requests).toEqual({ cpu: "20m", memory: "70Mi" });
  });
});

describe("probes", () => {
  test("ask by HTTP where there is a path, else by TCP", () => {
    const { readinessProbe, livenessProbe, startupProbe } = main({
      probes: {
        readiness: { path: "/readyz", port: "admin", scheme: "HTTPS" },
        liveness: { port: "admin", periodSeconds: 20, timeoutSeconds: 4, failures: 9 },
        startup: { path: "/livez", port: "admin" },
      },
    });
    expect(readinessProbe).toEqual({
      httpGet: { path: "/readyz", port: "admin", scheme: "HTTPS" },
      periodSeconds: 5,
      timeoutSeconds: 2,
      failureThreshold: 3,
    });
    expect(livenessProbe).toEqual({
      tcpSocket: { port: "admin" },
      periodSeconds: 20,
      timeoutSeconds: 4,
      failureThreshold: 9,
    });
    expect(startupProbe).toMatchObject({ httpGet: { scheme: "HTTP" }, periodSeconds: 2, failureThreshold: 60 });
  });
});

describe("volumes", () => {
  const files = { config: { path: "/etc/app", data: {} }, scripts: { path: "/opt", data: {}, executable: true } };
  const secrets = { keys: { path: "/run/secrets", data: {} } };
  const names = { config: "config-1", scripts: "scripts-1", keys: "keys-1" };

  test("the main container sees all of them, files and secrets read-only", () => {
    expect(main({ files, secrets, volumes: { data: { type: "scratch", path: "/data" } } }, names).volumeMounts).toEqual(
      [
        { name: "config", mountPath: "/etc/app", readOnly: true },
        { name: "data", mountPath: "/data" },
        { name: "keys", mountPath: "/run/secrets", readOnly: true },
        { name: "scripts", mountPath: "/opt", readOnly: true },
        { name: "tmp", mountPath: "/tmp" },
      ],
    );
  });

  test("files come from ConfigMaps, secrets from Secrets that only the group can read", () => {
    expect(template({ files, secrets }, names).spec.volumes).toEqual([
      { name: "config", configMap: { name: "config-1", defaultMode: 0o444 } },
      { name: "keys", secret: { secretName: "keys-1", defaultMode: 0o440 } },
      { name: "scripts", configMap: { name: "scripts-1", defaultMode: 0o555 } },
      { name: "tmp", emptyDir: { sizeLimit: "64Mi" } },
    ]);
  });

  test("other containers see only what they ask for", () => {
    const sidecar = { image: "node" as const, resources: { memoryMi: 1 } };
    const spec = template({ files, sidecars: { a: sidecar, b: { ...sidecar, mounts: ["config"] } } }, names).spec;
    expect(spec.containers.slice(1).map((c: { volumeMounts: unknown }) => c.volumeMounts)).toEqual([
      undefined,
      [{ name: "config", mountPath: "/etc/app", readOnly: true }],
    ]);
  });

  test("a mount of something that is not there is a mistake", () => {
    expect(() => template({ mounts: ["confg"] })).toThrow("worker mounts confg, which is not among");
  });

  test("each type has its source; a StatefulSet makes its claims itself", () => {
    const volumes: DeploymentSpec["volumes"] = {
      data: { type: "claim", path: "/data", sizeGi: 1 },
      plain: { type: "scratch", path: "/plain" },
      shm: { type: "scratch", path: "/dev/shm", sizeMi: 8, inMemory: true },
      tmp: { type: "scratch", path: "/tmp", sizeMi: 1 },
    };
    const others = [
      { name: "plain", emptyDir: {} },
      { name: "shm", emptyDir: { medium: "Memory", sizeLimit: "8Mi" } },
      { name: "tmp", emptyDir: { sizeLimit: "1Mi" } },
    ];
    const claim = { name: "data", persistentVolumeClaim: { claimName: "worker-data" } };
    expect(template({ volumes }).spec.volumes).toEqual([claim, ...others]);
    expect(template({ volumes, kind: "StatefulSet" }).spec.volumes).toEqual(others);
    const host: DaemonSetSpec["volumes"] = { host: { type: "host", path: "/host", hostPath: "/var/log" } };
    expect(template({ kind: "DaemonSet", nodeAgent: {}, volumes: host }).spec.volumes).toContainEqual({
      name: "host",
      hostPath: { path: "/var/log" },
    });
  });
});

describe("the pod", () => {
  test("says to Prometheus where its metrics are", () => {
    expect(template({ metrics: { port: "admin", path: "/m", scheme: "https" } }).metadata.annotations).toEqual({
      "prometheus.io/path": "/m",
      "prometheus.io/port": "9464",
      "prometheus.io/scheme": "https",
      "prometheus.io/scrape": "true",
    });
    expect(template({ metrics: { port: "admin" } }).metadata.annotations["prometheus.io/path"]).toBe("/metrics");
    expect(template().metadata.annotations).toBeUndefined();
  });

  test("mounts a token of the Kubernetes API only with rules", () => {
    const rules = [{ apiGroups: [""], resources: ["pods"], verbs: ["get"] }];
    expect(template().spec.automountServiceAccountToken).toBe(false);
    expect(template({ rbac: { namespace: rules } }).spec.automountServiceAccountToken).toBe(true);
  });

  test("is spread over nodes and zones if that is possible, but for agents and jobs", () => {
    const keys = template().spec.topologySpreadConstraints.map((c: { topologyKey: string }) => c.topologyKey);
    expect(keys).toEqual(["kubernetes.io/hostname", "topology.kubernetes.io/zone"]);
    const rules = (changes: Changes) => template(changes).spec.topologySpreadConstraints[0];
    expect(rules({}).whenUnsatisfiable).toBe("ScheduleAnyway");
    // On one node there is no difference to others, so that all members are there.
    expect(rules({ kind: "StatefulSet" })).toMatchObject({
      whenUnsatisfiable: "DoNotSchedule",
      maxSkew: 1,
      nodeTaintsPolicy: "Honor",
    });
    expect(template({ kind: "DaemonSet" }).spec.topologySpreadConstraints).toBeUndefined();
    expect(template({ kind: "Job" }).spec).toMatchObject({ restartPolicy: "Never" });
  });

  test("of a node agent is root where it must be, without capabilities, and may see the host as asked", () => {
    const ordinary = template({ kind: "DaemonSet", nodeAgent: {} }).spec.securityContext;
    expect(ordinary).toMatchObject({ runAsNonRoot: true, runAsUser: 10001 });
    const { spec } = template({ kind: "DaemonSet", nodeAgent: { root: true, hostNetwork: true, hostPid: true } });
    expect(spec).toMatchObject({ hostNetwork: true, hostPID: true, tolerations: [{ operator: "Exists" }] });
    expect(spec.securityContext).toEqual({ runAsUser: 0, runAsGroup: 0, seccompProfile: { type: "RuntimeDefault" } });
    expect(spec.containers[0].securityContext.capabilities).toEqual({ drop: ["ALL"] });
  });

  test("runs its preparations in the order of their names", () => {
    const init = { image: "node" as const, resources: { memoryMi: 1 } };
    const names = template({ init: { "2-b": init, "1-a": init } }).spec.initContainers.map(
      (c: { name: string }) => c.name,
    );
    expect(names).toEqual(["1-a", "2-b"]);
  });

  test("has time to stop", () => {
    expect(template().spec.terminationGracePeriodSeconds).toBe(30);
    expect(template({ drain: { graceSeconds: 60 } }).spec.terminationGracePeriodSeconds).toBe(60);
  });
});
