import { describe, expect, test } from "@jest/globals";
import { LABEL, PART_OF } from "../lib/naming.ts";
import { SECRET_MARK, STACKS, type Stack } from "./fixtures.ts";
import { controllers, JOBS, type KubernetesObject, objects, ofKind, rendered, templateOf } from "./rendered.ts";

const CLUSTER_WIDE = ["ClusterRole", "ClusterRoleBinding", "Namespace"];

// biome-ignore lint/suspicious/noExplicitAny: pod specs are read at arbitrary paths.
function podOf(controller: KubernetesObject): any {
  return templateOf(controller).spec;
}

// biome-ignore lint/suspicious/noExplicitAny: containers are read at arbitrary paths.
function containersOf(controller: KubernetesObject): any[] {
  const pod = podOf(controller);
  return [...(pod.initContainers ?? []), ...pod.containers];
}

function isPart(inner: Record<string, string>, outer: Record<string, string>): boolean {
  return Object.entries(inner).every(([key, value]) => outer[key] === value);
}

function podsSelectedBy(selector: Record<string, string>, stack: Stack): KubernetesObject[] {
  return controllers(stack).filter((controller) => isPart(selector, templateOf(controller).metadata.labels ?? {}));
}

const describeStack = describe.each(STACKS);

describeStack("names and labels of %s", (stack) => {
  test("every object is in the stack's namespaces, or carries the stack's name", () => {
    for (const { kind, metadata } of objects(stack)) {
      const place = CLUSTER_WIDE.includes(kind) ? metadata.name : metadata.namespace;
      expect(place).toMatch(new RegExp(`^media-${stack}(-|$)`));
    }
  });

  test("every object says what it is, of which stack and of what it is part", () => {
    for (const { kind, metadata } of objects(stack)) {
      const wanted = kind === "Namespace" ? [LABEL.instance, LABEL.partOf] : [LABEL.name, LABEL.instance, LABEL.partOf];
      expect(Object.keys(metadata.labels ?? {})).toEqual(expect.arrayContaining(wanted));
      expect(metadata.labels?.[LABEL.partOf]).toBe(PART_OF);
      expect(metadata.labels?.[LABEL.instance]).toBe(stack);
    }
  });

  test("no two objects of a kind share a name", () => {
    const names = objects(stack).map(({ kind, metadata }) => `${kind} ${metadata.namespace} ${metadata.name}`);
    expect(names).toEqual([...new Set(names)]);
  });

  test("names are at most 63 characters of what DNS allows", () => {
    for (const { kind, metadata } of objects(stack)) {
      expect(`${kind} ${metadata.name}`).toMatch(/^\w+ [a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/);
    }
  });

  test("the labels of claims never change, so they have no version", () => {
    const templates = ofKind(stack, "StatefulSet").flatMap((set) => set.spec.volumeClaimTemplates);
    for (const { metadata } of templates) expect(metadata.labels).not.toHaveProperty([LABEL.version]);
  });
});

describeStack("what refers to what in %s", (stack) => {
  test("selectors choose their own pods", () => {
    for (const { spec } of ofKind(stack, "Deployment", "StatefulSet", "DaemonSet")) {
      expect(isPart(spec.selector.matchLabels, spec.template.metadata.labels)).toBe(true);
    }
  });

  test("each Service leads to ports of one workload's containers", () => {
    const selecting = ofKind(stack, "Service").filter(({ spec }) => spec.selector);
    for (const { metadata, spec } of selecting) {
      // Patroni sets the role, so it is in no template.
      const { role: _, ...selector } = spec.selector;
      const pods = podsSelectedBy(selector, stack);
      expect([metadata.name, pods.length]).toEqual([metadata.name, 1]);
      const ports = pods.flatMap(containersOf).flatMap((container) => container.ports ?? []);
      for (const { port, targetPort } of spec.ports) {
        expect(ports).toContainEqual({ name: targetPort, containerPort: port });
      }
    }
  });

  test("the Service without a selector has the port name that Patroni writes", () => {
    const unselected = ofKind(stack, "Service").filter(({ spec }) => !spec.selector);
    for (const { metadata, spec } of unselected) {
      expect(metadata.name).toBe("postgres");
      expect(spec.ports).toEqual([{ name: "postgresql", port: 5432, targetPort: "postgresql" }]);
    }
  });

  test("probes and scrapes ask ports that the pod has", () => {
    for (const controller of controllers(stack)) {
      const ports = containersOf(controller).flatMap((container) => container.ports ?? []);
      const probes = containersOf(controller).flatMap((c) => [c.startupProbe, c.readinessProbe, c.livenessProbe]);
      for (const probe of probes.filter(Boolean)) {
        expect(ports.map(({ name }) => name)).toContain((probe.httpGet ?? probe.tcpSocket).port);
      }
      const scraped = templateOf(controller).metadata.annotations?.["prometheus.io/port"];
      if (scraped) expect(ports.map(({ containerPort }) => String(containerPort))).toContain(scraped);
    }
  });

  test("every mount has its volume, every volume its ConfigMap, Secret or claim", () => {
    const named = (kind: string) => ofKind(stack, kind).map(({ metadata }) => metadata.name);
    for (const controller of controllers(stack)) {
      const templates = (controller.spec.volumeClaimTemplates ?? []).map((t: KubernetesObject) => t.metadata.name);
      const volumes = podOf(controller).volumes ?? [];
      const known = [...templates, ...volumes.map(({ name }: { name: string }) => name)];
      for (const { name } of containersOf(controller).flatMap((c) => c.volumeMounts ?? []))
        expect(known).toContain(name);
      for (const volume of volumes) {
        if (volume.configMap) expect(named("ConfigMap")).toContain(volume.configMap.name);
        if (volume.secret) expect(named("Secret")).toContain(volume.secret.secretName);
        if (volume.persistentVolumeClaim) {
          expect(named("PersistentVolumeClaim")).toContain(volume.persistentVolumeClaim.claimName);
        }
      }
    }
  });

  test("every pod runs under an account of its own", () => {
    const accounts = ofKind(stack, "ServiceAccount").map(({ metadata }) => metadata.name);
    const used = controllers(stack).map((controller) => podOf(controller).serviceAccountName);
    expect(used.sort()).toEqual(accounts.sort());
  });
});

describeStack("hardening in %s", (stack) => {
  const restricted = controllers(stack).filter(({ metadata }) => metadata.namespace === `media-${stack}`);

  test("the namespaces enforce the pod security standards", () => {
    for (const { metadata } of ofKind(stack, "Namespace")) {
      const level = metadata.name?.endsWith("-node") ? "privileged" : "restricted";
      expect(metadata.labels?.["pod-security.kubernetes.io/enforce"]).toBe(level);
    }
  });

  test("pods meet the restricted standard", () => {
    for (const pod of restricted.map(podOf)) {
      expect(pod.securityContext).toMatchObject({ runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } });
      expect(pod.hostNetwork ?? pod.hostPID ?? pod.hostIPC ?? false).toBe(false);
      expect(pod.volumes.filter((volume: object) => "hostPath" in volume)).toEqual([]);
    }
  });

  test("no container can gain privileges or write to its root", () => {
    for (const container of controllers(stack).flatMap(containersOf)) {
      expect(container.securityContext).toMatchObject({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ["ALL"] },
      });
    }
  });

  test("every container has a limit of memory, and all together ask for less CPU than a small machine has", () => {
    let milli = 0;
    for (const controller of controllers(stack)) {
      const requests = containersOf(controller).map(({ resources }) => {
        expect(resources.limits.memory).toMatch(/^\d+Mi$/);
        expect(resources.requests.cpu).toMatch(/^\d+m$/);
        return Number.parseInt(resources.requests.cpu, 10);
      });
      milli += (controller.spec.replicas ?? 1) * requests.reduce((sum, request) => sum + request, 0);
    }
    // Two stacks stand side by side on two cores; the rest is for the base stack, the cluster's own pods, and pods that are
    // being replaced.
    expect(milli).toBeGreaterThan(0);
    expect(milli).toBeLessThanOrEqual(900);
  });

  test("a token of the Kubernetes API is only where rules use it", () => {
    const bound = ofKind(stack, "RoleBinding", "ClusterRoleBinding").flatMap(({ subjects }) => subjects);
    const allowed = bound.map(({ name }: { name: string }) => name);
    for (const pod of controllers(stack).map(podOf)) {
      expect(pod.automountServiceAccountToken).toBe(allowed.includes(pod.serviceAccountName));
    }
  });

  test("long-running containers say when they are ready and when they are stuck", () => {
    for (const controller of controllers(stack).filter(({ kind }) => !JOBS.includes(kind))) {
      const main = podOf(controller).containers[0];
      expect([main.name, main.readinessProbe, main.livenessProbe]).toEqual([
        main.name,
        expect.anything(),
        expect.anything(),
      ]);
    }
  });

  test("workloads with several pods survive a drain", () => {
    const budgets = ofKind(stack, "PodDisruptionBudget").map(({ metadata }) => metadata.name);
    const several = controllers(stack).filter(({ spec }) => (spec.replicas ?? 1) > 1);
    expect(budgets.sort()).toEqual(several.map(({ metadata }) => metadata.name).sort());
  });

  test("what ends by itself does so in its time, is not started again beside itself, and has no budget", () => {
    const budgets = ofKind(stack, "PodDisruptionBudget").map(({ metadata }) => metadata.name);
    for (const { metadata, spec } of ofKind(stack, "CronJob")) {
      expect(spec.concurrencyPolicy).toBe("Forbid");
      expect(spec.jobTemplate.spec.activeDeadlineSeconds).toBeGreaterThan(0);
      expect(spec.jobTemplate.spec.template.spec.restartPolicy).toBe("Never");
      expect(budgets).not.toContain(metadata.name);
    }
  });
});

describeStack("secrets of %s", (stack) => {
  test("appear in Secrets and nowhere else", () => {
    const leaking = objects(stack)
      .filter(({ kind }) => kind !== "Secret")
      .filter(
        (object) => JSON.stringify(object).includes(SECRET_MARK) || JSON.stringify(object).includes("PRIVATE KEY"),
      )
      .map(({ kind, metadata }) => `${kind} ${metadata.name}`);
    expect(leaking).toEqual([]);
  });

  test("what leaves in outputs is named: credentials and, from the base, its tenants", () => {
    const telling = Object.entries(rendered(stack).outputs)
      .filter(([, value]) => JSON.stringify(value)?.includes(SECRET_MARK))
      .map(([name]) => name);
    expect(["backupStoreTenants", "credentials"]).toEqual(expect.arrayContaining(telling));
  });

  test("ConfigMaps and Secrets that roll their pods are immutable and named by the provider", () => {
    for (const { metadata, immutable } of ofKind(stack, "ConfigMap", "Secret")) {
      expect([metadata.name, /-0a1b2c3d$/.test(metadata.name ?? "")]).toEqual([metadata.name, immutable === true]);
    }
  });
});

test("the CPU that dev asks for leaves room on two cores", () => {
  const milli = controllers("dev").flatMap((controller) =>
    podOf(controller).containers.map(
      (c: { resources: { requests: { cpu: string } } }) =>
        Number.parseInt(c.resources.requests.cpu, 10) * (controller.spec.replicas ?? 1),
    ),
  );
  expect(milli.reduce((sum: number, one: number) => sum + one, 0)).toBeLessThanOrEqual(1200);
});
