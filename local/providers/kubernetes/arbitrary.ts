import fc from "fast-check";
import { isEmpty, isMap, mapAt, type Props, type Value } from "../lib/values.ts";
import { normalizeInputs } from "./normalize.ts";

/** Objects and edits for property tests. */

/** What the official plugin replaces an object for, beside its name and namespace: rule 20, written down a second time. */
export const RULES: [apiVersion: string, kind: string, paths: string[]][] = [
  ["apps/v1", "Deployment", ["spec.selector"]],
  ["apps/v1", "DaemonSet", ["spec.selector"]],
  [
    "apps/v1",
    "StatefulSet",
    [
      "spec.podManagementPolicy",
      "spec.revisionHistoryLimit",
      "spec.selector",
      "spec.serviceName",
      "spec.volumeClaimTemplates",
    ],
  ],
  ["batch/v1", "Job", ["spec.completions", "spec.parallelism", "spec.selector", "spec.template"]],
  ["v1", "PersistentVolumeClaim", ["spec.accessModes", "spec.selector", "spec.storageClassName", "spec.volumeName"]],
  ["v1", "PersistentVolume", ["spec.hostPath", "spec.nfs", "spec.csi", "spec.local"]],
  ["v1", "Pod", ["spec"]],
  ["v1", "Service", ["spec.clusterIP"]],
  ["v1", "ResourceQuota", ["spec.scopes"]],
  ["v1", "ConfigMap", ["data", "binaryData"]],
  ["v1", "Secret", ["type", "data"]],
  ["rbac.authorization.k8s.io/v1", "RoleBinding", ["roleRef"]],
  ["rbac.authorization.k8s.io/v1", "ClusterRoleBinding", ["roleRef"]],
  ["storage.k8s.io/v1", "StorageClass", ["parameters", "provisioner"]],
  ["batch/v1", "CronJob", []],
  ["policy/v1", "PodDisruptionBudget", []],
  ["networking.k8s.io/v1", "Ingress", []],
  ["autoscaling/v2", "HorizontalPodAutoscaler", []],
  ["example.org/v1", "Film", []],
];
export const CLUSTER_WIDE = ["PersistentVolume", "ClusterRoleBinding", "StorageClass"];
/** Keys are few, so that two objects have many in common; those of the rules are among them. */
const KEYS = [
  ...new Set(RULES.flatMap(([, , paths]) => paths.map((path) => lastKey(path)))),
  "replicas",
  "limits",
  "a.b/c",
  "x",
];

const leaf: fc.Arbitrary<Value> = fc.oneof(
  fc.integer(),
  fc.boolean(),
  fc.constantFrom("", "1000m", "1", "1024Mi", "1Gi", "text", "04"),
  fc.string(),
);
const { value } = fc.letrec<{ value: Value }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small" },
    leaf,
    fc.array(tie("value"), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom(...KEYS), tie("value"), { maxKeys: 5, noNullPrototype: true }),
  ),
}));
const map = fc.dictionary(fc.constantFrom(...KEYS), value, { maxKeys: 6, noNullPrototype: true });
const texts = fc.dictionary(fc.constantFrom("k1", "k2", "k3"), fc.constantFrom("", "AQID", "BAUG"), {
  noNullPrototype: true,
});

/** Everything of an object but its kind. */
export const body = fc.record({
  name: fc.constantFrom("one", "two"),
  namespace: fc.constantFrom("here", "there"),
  isAutonamed: fc.boolean(),
  labels: fc.dictionary(fc.constantFrom("a", "b"), fc.string(), { noNullPrototype: true }),
  spec: map,
  more: map,
  data: texts,
  type: fc.constantFrom("Opaque", "example.org/t"),
});
export type Body = typeof body extends fc.Arbitrary<infer T> ? T : never;
export const rule = fc.constantFrom(...RULES);
/** Another object, or the same with one key changed: an edit of one field shows a rule that is missing. */
export const edit: fc.Arbitrary<(before: Body, keys: string[]) => Body> = fc.oneof(
  body.map((other) => () => other),
  fc.record({ pick: fc.nat(), value }).map(({ pick, value: item }) => (before: Body, keys: string[]) => {
    const change = { [keys[pick % keys.length] ?? "x"]: item };
    return { ...before, spec: { ...before.spec, ...change }, more: { ...before.more, ...change } };
  }),
);

export function objectOf([apiVersion, kind]: (typeof RULES)[number], parts: Body): Props {
  const { name, namespace, isAutonamed, labels, spec, more, data, type } = parts;
  const isData = kind === "ConfigMap" || kind === "Secret";
  return {
    apiVersion,
    kind,
    metadata: {
      name,
      ...(!CLUSTER_WIDE.includes(kind) && { namespace }),
      ...(isAutonamed && { annotations: { "pulumi.com/autonamed": "true" } }),
      labels,
    },
    ...(isData ? { data, ...(kind === "Secret" && { type }) } : { spec, roleRef: more, parameters: more }),
  };
}

/** A server that stores what it gets, adds what servers add, and leaves out what is empty where `drops` says so. */
export function stored(inputs: Props, drops: boolean): Props {
  const keep = (item: Value): Value => {
    if (Array.isArray(item)) return item.map(keep);
    if (!isMap(item)) return item;
    const kept = Object.entries(item).filter(([, below]) => !(drops && isEmpty(below)));
    return { ...Object.fromEntries(kept.map(([key, below]) => [key, keep(below)])), "added-by-the-server": true };
  };
  const live = keep(normalizeInputs(inputs)) as Props;
  const metadata = { ...mapAt(live, "metadata"), uid: "u", resourceVersion: "1", managedFields: [] };
  return { ...live, metadata, status: { ready: true } };
}

export function lastKey(path: string): string {
  return path.split(".").pop() ?? "";
}
