import { LABEL, PART_OF } from "../lib/naming.ts";
import { alertsIn } from "./alerts.ts";
import { podOf } from "./read.ts";
import type { ObjectPolicy } from "./types.ts";

/** Services that people reach from outside; all others stay inside the cluster. */
const EXPOSED = [
  "gateway",
  "grafana",
  "jaeger",
  "loki",
  "prometheus",
  "pushgateway",
  "alertmanager",
  "web",
  "responder",
  // Stands in for receivers of alerts; tests read from outside what arrived.
  "sink",
];
/** Of these, which may have a public address: they ask for a sign-in. */
const PUBLIC = ["gateway"];
const LEVELS = ["enforce", "audit", "warn"].map((mode) => `pod-security.kubernetes.io/${mode}`);

/** What is true of all objects, whatever they do. */
export const objectPolicies: readonly ObjectPolicy[] = [
  {
    name: "object-labelled",
    description: "Every object says of which stack it is and of what it is part.",
    instead: "take the labels of infra/lib/naming.ts",
    level: "mandatory",
    check: ({ object, type }) => {
      if (!type.startsWith("kubernetes:")) return [];
      const labels = object.metadata?.labels ?? {};
      const missing = [LABEL.instance, LABEL.partOf].filter((label) => !labels[label]);
      if (missing.length > 0) return [{ where: "metadata.labels", problem: `has no ${missing.join(", no ")}` }];
      return labels[LABEL.partOf] === PART_OF
        ? []
        : [{ where: `metadata.labels[${LABEL.partOf}]`, problem: `is ${labels[LABEL.partOf]}` }];
    },
  },
  {
    name: "namespace-restricted",
    description: "Namespaces have the API server enforce the `restricted` pod security standard.",
    instead: "set the labels pod-security.kubernetes.io/enforce, audit and warn to restricted",
    level: "mandatory",
    check: ({ object }) =>
      object.kind !== "Namespace"
        ? []
        : LEVELS.filter((label) => object.metadata?.labels?.[label] !== "restricted").map((label) => ({
            where: `metadata.labels[${label}]`,
            problem: `is ${object.metadata?.labels?.[label] ?? "not set"}`,
          })),
  },
  {
    name: "service-exposed-if-listed",
    description:
      "Only listed Services are reached from outside the cluster, and a public address is for the gateway alone.",
    instead: "set `type: ClusterIP`; people reach it by `kubectl port-forward`",
    level: "mandatory",
    check: ({ object }) => {
      if (object.kind !== "Service") return [];
      const { type = "ClusterIP" } = object.spec;
      const name = object.metadata?.name ?? "";
      const allowed = type === "NodePort" ? EXPOSED : type === "LoadBalancer" ? PUBLIC : undefined;
      return allowed && !allowed.includes(name) ? [{ where: "spec.type", problem: `is ${type}` }] : [];
    },
  },
  {
    name: "service-no-external-address",
    description: "A Service takes no address of others, and is no alias of a name outside.",
    instead: "remove `externalIPs` and `type: ExternalName`; declare a link to the outside instead",
    level: "mandatory",
    check: ({ object }) => {
      if (object.kind !== "Service") return [];
      if (object.spec.externalIPs?.length)
        return [{ where: "spec.externalIPs", problem: `is ${object.spec.externalIPs}` }];
      return object.spec.type === "ExternalName" ? [{ where: "spec.type", problem: "is ExternalName" }] : [];
    },
  },
  {
    name: "alert-has-runbook",
    description: "Every alert says where it is written what to do about it.",
    instead: "set `annotations.runbook_url` of the rule",
    level: "mandatory",
    check: ({ object }) =>
      Object.entries(object.kind === "ConfigMap" ? ((object.data ?? {}) as Record<string, string>) : {}).flatMap(
        ([file, text]) =>
          alertsIn(file, text)
            .filter(({ annotations }) => !annotations?.runbook_url)
            .map(({ alert }) => ({ where: `data[${file}] ${alert}`, problem: "has no runbook_url" })),
      ),
  },
  {
    name: "pod-spread",
    description: "Pods of a workload with several are spread over nodes and zones.",
    instead: "set `topologySpreadConstraints` over kubernetes.io/hostname",
    level: "mandatory",
    check: (resource) => {
      const pod = podOf(resource);
      const several =
        ["Deployment", "StatefulSet"].includes(resource.object.kind) && (resource.object.spec.replicas ?? 1) > 1;
      if (!pod || !several) return [];
      const constraints = (pod.spec.topologySpreadConstraints ?? []) as { topologyKey: string }[];
      const spread =
        constraints.some(({ topologyKey }) => topologyKey === "kubernetes.io/hostname") ||
        pod.spec.affinity?.podAntiAffinity;
      return spread
        ? []
        : [{ where: `${pod.path}.topologySpreadConstraints`, problem: "has no kubernetes.io/hostname" }];
    },
  },
];
