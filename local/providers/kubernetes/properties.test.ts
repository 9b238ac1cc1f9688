import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import {
  equal,
  isEmpty,
  isMap,
  isSecret,
  mapAt,
  mapValues,
  type Props,
  secret,
  unwrapMap,
  type Value,
} from "../lib/values.ts";
import { checkResource } from "./check.ts";
import { diffResource } from "./diff.ts";
import { normalizeInputs } from "./normalize.ts";
import { checkpoint, parseCheckpoint } from "./state.ts";

/** What the official plugin replaces an object for, beside its name and namespace: rule 20, written down a second time. */
const RULES: [apiVersion: string, kind: string, paths: string[]][] = [
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
const CLUSTER_WIDE = ["PersistentVolume", "ClusterRoleBinding", "StorageClass"];
/** Keys are few, so that two objects have many in common; those of the rules are among them. */
const KEYS = [
  ...new Set(RULES.flatMap(([, , paths]) => paths.map((path) => path.split(".").pop() ?? ""))),
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
const body = fc.record({
  name: fc.constantFrom("one", "two"),
  namespace: fc.constantFrom("here", "there"),
  isAutonamed: fc.boolean(),
  labels: fc.dictionary(fc.constantFrom("a", "b"), fc.string(), { noNullPrototype: true }),
  spec: map,
  more: map,
  data: texts,
  type: fc.constantFrom("Opaque", "example.org/t"),
});
type Body = typeof body extends fc.Arbitrary<infer T> ? T : never;
const rule = fc.constantFrom(...RULES);

function objectOf([apiVersion, kind]: (typeof RULES)[number], parts: Body): Props {
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
function stored(inputs: Props, drops: boolean): Props {
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

const OPTIONS = { mutable: { configMap: false, secret: false }, patch: false, ignoreChanges: [] };
function diff(before: Props, drops: boolean, after: Props) {
  const namespaced = !CLUSTER_WIDE.includes(String(after.kind));
  return diffResource(parseCheckpoint(checkpoint(stored(before, drops), before)), after, { ...OPTIONS, namespaced });
}

const under = (object: Props, path: string): Value | undefined =>
  path
    .split(".")
    .reduce<Value | undefined>(
      (here, key) => (isMap(here) && Object.hasOwn(here, key) ? here[key] : undefined),
      object,
    );

describe("any object, any edit", () => {
  test("after the update there is no difference left", () => {
    fc.assert(
      fc.property(rule, body, fc.boolean(), (kind, after, drops) => {
        const object = objectOf(kind, after);
        expect(diff(object, drops, object)).toEqual({ changes: false, detailed: {}, deleteBeforeReplace: false });
      }),
      { numRuns: 500 },
    );
  });

  test("there is a difference exactly when the inputs differ", () => {
    fc.assert(
      fc.property(rule, body, body, (kind, a, b) => {
        const [before, after] = [objectOf(kind, a), objectOf(kind, b)];
        expect(diff(before, false, after).changes).toBe(!equal(normalizeInputs(before), normalizeInputs(after)));
      }),
      { numRuns: 500 },
    );
  });

  test("it is replaced exactly when a rule says so, and goes first exactly when its name has to be free", () => {
    let replaced = 0;
    fc.assert(
      fc.property(rule, body, body, (kind, a, b) => {
        const [before, after] = [normalizeInputs(objectOf(kind, a)), normalizeInputs(objectOf(kind, b))];
        const paths = ["metadata.name", "metadata.namespace", ...kind[2]];
        const expected = paths.some((path) => !equal(under(before, path), under(after, path)));
        const result = diff(objectOf(kind, a), false, objectOf(kind, b));
        expect(Object.values(result.detailed).some((entry) => entry.replace)).toBe(expected);
        const sameName = equal(under(before, "metadata.name"), under(after, "metadata.name"));
        const sameNamespace = equal(under(before, "metadata.namespace"), under(after, "metadata.namespace"));
        expect(result.deleteBeforeReplace).toBe(expected && sameName && sameNamespace && !b.isAutonamed);
        if (expected) replaced++;
      }),
      { numRuns: 1000 },
    );
    // Both outcomes must have come up, or the property says nothing.
    expect(replaced).toBeGreaterThan(100);
    expect(replaced).toBeLessThan(990);
  });
});

/** Puts the value under some of the keys into a secret, with a text that can be recognised. */
const withSecrets = (item: Value, choose: () => boolean): Value => {
  if (choose()) return secret(`hush-${typeof item}`);
  if (Array.isArray(item)) return item.map((below) => withSecrets(below, choose));
  return isMap(item) ? mapValues(item, (below) => withSecrets(below, choose)) : item;
};
const chooser = (bits: boolean[]) => {
  let at = 0;
  return () => bits[at++ % bits.length] ?? false;
};
const bits = fc.array(fc.boolean(), { minLength: 1, maxLength: 7 });

/** What can be read in a value by someone who may not see secrets. */
function open(item: Value): Value {
  if (isSecret(item)) return null;
  if (Array.isArray(item)) return item.map(open);
  return isMap(item) ? mapValues(item, open) : item;
}
function secretly(kind: (typeof RULES)[number], parts: Body, marks: boolean[]): Props {
  const { apiVersion, kind: name, metadata, ...rest } = objectOf(kind, parts);
  const hidden = mapValues(rest as Props, (item) => withSecrets(item, chooser(marks)));
  return { apiVersion: apiVersion ?? "", kind: name ?? "", metadata: metadata ?? {}, ...hidden };
}
const CONTEXT = { defaultNamespace: "home", namespaced: async () => true };
const request = (kind: string, news: Props, olds?: Props) => ({
  urn: "u",
  type: `kubernetes:${kind}`,
  name: "n",
  olds,
  news,
  randomSeed: new Uint8Array([1]),
});

describe("any object with secrets", () => {
  test("checking what was checked changes nothing", async () => {
    await fc.assert(
      fc.asyncProperty(rule, body, bits, fc.boolean(), async (kind, parts, marks, isNamed) => {
        const object = secretly(kind, parts, marks);
        const news = isNamed ? object : { ...object, metadata: {} };
        const token = `${kind[0]}:${kind[1]}`;
        const once = (await checkResource(request(token, news), CONTEXT)).inputs;
        expect((await checkResource(request(token, once, once), CONTEXT)).inputs).toEqual(once);
      }),
    );
  });

  test("no secret text can be read in checked inputs or in the state", async () => {
    let hidden = 0;
    await fc.assert(
      fc.asyncProperty(rule, body, bits, fc.boolean(), async (kind, parts, marks, drops) => {
        const { inputs } = await checkResource(request(`${kind[0]}:${kind[1]}`, secretly(kind, parts, marks)), CONTEXT);
        const state = checkpoint(stored(unwrapMap(inputs), drops), inputs);
        if (JSON.stringify(inputs).includes("hush")) hidden++;
        for (const shown of [open(inputs), open(state)]) expect(JSON.stringify(shown)).not.toMatch(/hush|aHVza/);
        if (kind[1] === "Secret") expect(Object.keys(mapAt(open(state) as Props, "data"))).toEqual([]);
      }),
      { numRuns: 300 },
    );
    expect(hidden).toBeGreaterThan(50);
  });

  test("a text in stringData is as secret in data", async () => {
    const news = { apiVersion: "v1", kind: "Secret", metadata: { name: "s" }, stringData: { k: "hush" } };
    const { inputs } = await checkResource(request("core/v1:Secret", news), CONTEXT);
    expect(JSON.stringify(open(inputs))).not.toMatch(/hush|aHVza/);
    expect(unwrapMap(inputs).data).toEqual({ k: "aHVzaA==" });
  });
});
