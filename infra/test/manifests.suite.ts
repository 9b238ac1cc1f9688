import { describe, expect, test } from "@jest/globals";
import { type ServiceName, serviceEntry } from "../lib/endpoints.ts";
import { LABEL, PART_OF } from "../lib/naming.ts";
import { STACKS, type Stack } from "./fixtures.ts";
import { containersOf, controllers, type KubernetesObject, objects, ofKind, podOf, templateOf } from "./rendered.ts";

const CLUSTER_WIDE = ["ClusterRole", "ClusterRoleBinding", "Namespace", "PriorityClass"];

function isPart(inner: Record<string, string>, outer: Record<string, string>): boolean {
  return Object.entries(inner).every(([key, value]) => outer[key] === value);
}

function podsSelectedBy(selector: Record<string, string>, stack: Stack): KubernetesObject[] {
  return controllers(stack).filter((controller) => isPart(selector, templateOf(controller).metadata.labels ?? {}));
}

const describeStack = describe.each(STACKS);

/** Where Kubernetes itself says the name or the namespace: what serves an API of the cluster. */
const PLACED_BY_KUBERNETES = [
  "APIService v1beta1.external.metrics.k8s.io",
  "RoleBinding media-base-prometheus-adapter",
];
const isPlacedByUs = ({ kind, metadata }: KubernetesObject) =>
  !PLACED_BY_KUBERNETES.includes(`${kind} ${metadata.name}`);

describeStack("names and labels of %s", (stack) => {
  test("every object is in the stack's namespaces, or carries the stack's name", () => {
    for (const { kind, metadata } of objects(stack).filter(isPlacedByUs)) {
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
    for (const { kind, metadata } of objects(stack).filter(isPlacedByUs)) {
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
      const { offers } = serviceEntry(metadata.name as ServiceName);
      for (const { port, targetPort } of spec.ports) {
        const found = ports.find(({ name }) => name === targetPort);
        expect([targetPort, port]).toEqual([found?.name, offers?.[targetPort] ?? found?.containerPort]);
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
        if (!probe.exec) expect(ports.map(({ name }) => name)).toContain((probe.httpGet ?? probe.tcpSocket).port);
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
