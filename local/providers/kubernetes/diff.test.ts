import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { type Props, UNKNOWN, type Value } from "../lib/values.ts";
import { diffResource } from "./diff.ts";
import { forcesReplacement } from "./forcenew.ts";

const OPTIONS = {
  mutable: { configMap: false, secret: false },
  namespaced: true,
  patch: false,
  ignoreChanges: [] as string[],
};
const IMMUTABLE = { configMap: false, secret: false };
const MUTABLE = { configMap: true, secret: true };

/** A state in which the server stored the inputs as they were, and filled in what it fills in. */
function stateOf(inputs: Props, live: Props = inputs) {
  const metadata = { ...(live.metadata as Props), uid: "u", resourceVersion: "7", managedFields: [] };
  return { inputs, live: { ...live, metadata, status: { phase: "x" } }, initialApiVersion: "v1", fieldManager: "m" };
}
const object = (spec: Value, kind = "Deployment", apiVersion = "apps/v1"): Props => ({
  apiVersion,
  kind,
  metadata: { name: "a", namespace: "n" },
  spec,
});
const diff = (olds: Props, news: Props, options = OPTIONS, live = olds) =>
  diffResource(stateOf(olds, live), news, options);

describe("diff", () => {
  test("equal inputs are no change, whatever the server added", () => {
    const inputs = object({ template: { containers: [{ name: "c" }] } });
    const live = object({
      replicas: 1,
      template: { containers: [{ name: "c", imagePullPolicy: "Always" }], dns: "x" },
    });
    expect(diff(inputs, inputs, OPTIONS, live)).toEqual({ changes: false, detailed: {}, deleteBeforeReplace: false });
  });

  test.each([
    ["a changed value", { a: 1 }, { a: 2 }, { "spec.a": { kind: "update" } }],
    ["an added value", { a: 1 }, { a: 1, b: 2 }, { "spec.b": { kind: "add" } }],
    ["a removed value", { a: 1, b: 2 }, { a: 1 }, { "spec.b": { kind: "delete", inputDiff: true } }],
    ["a null is a removal", { a: 1 }, { a: null }, { "spec.a": { kind: "delete", inputDiff: true } }],
    ["a null that was never there", {}, { a: null }, {}],
    [
      "list items by index",
      { l: [1, 2, 3] },
      { l: [1, 5] },
      { "spec.l[1]": { kind: "update" }, "spec.l[2]": { kind: "delete", inputDiff: true } },
    ],
    ["odd keys are quoted", { "b.c/d": 1 }, { "b.c/d": 2 }, { 'spec["b.c/d"]': { kind: "update" } }],
    ["an unknown is a change", { a: 1 }, { a: UNKNOWN }, { "spec.a": { kind: "update" } }],
    ["a new unknown", {}, { a: UNKNOWN }, { "spec.a": { kind: "add" } }],
    ["a map in place of a value", { a: 1 }, { a: { b: 1 } }, { "spec.a": { kind: "update" } }],
    ["quantities in another spelling", { limits: { cpu: "1" } }, { limits: { cpu: "1000m" } }, {}],
  ])("%s", (_, olds, news, expected) => {
    expect(diff(object(olds as Value), object(news as Value)).detailed).toEqual(expected);
  });

  test.each([
    ["an empty text", ""],
    ["zero", 0],
    ["false", false],
    ["an empty map", {}],
    ["an empty list", []],
  ])("%s that the server does not keep is no change", (_, empty) => {
    const inputs = object({ a: empty, b: 1 });
    expect(diff(inputs, inputs, OPTIONS, object({ b: 1 })).changes).toBe(false);
    // Newly written it is one: absent may mean something else than empty.
    expect(diff(object({ b: 1 }), inputs).detailed).toEqual({ "spec.a": { kind: "add" } });
  });

  test("the two spellings of the default namespace are one", () => {
    const [empty, named] = [{ name: "a" }, { name: "a", namespace: "default" }].map((metadata) => ({
      ...object({}),
      metadata,
    }));
    expect(diff(empty as Props, named as Props).changes).toBe(false);
  });

  test("drift that a refresh found shows as a change back", () => {
    expect(diff(object({ a: 9 }), object({ a: 1 })).detailed).toEqual({ "spec.a": { kind: "update" } });
  });

  test("ignored paths hide what is under them", () => {
    const options = { ...OPTIONS, ignoreChanges: ["spec.a"] };
    expect(diff(object({ a: { b: 1 }, ab: 1 }), object({ a: { b: 2 }, ab: 2 }), options).detailed).toEqual({
      "spec.ab": { kind: "update" },
    });
  });

  test("a new name replaces; the old object may stay meanwhile", () => {
    const news = { ...object({}), metadata: { name: "b", namespace: "n" } };
    const result = diff(object({}), news);
    expect(result.detailed["metadata.name"]).toEqual({ kind: "update", replace: true });
    expect(result.deleteBeforeReplace).toBe(false);
  });

  test("a replacement under the same name deletes first, an autonamed one does not", () => {
    const olds = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "a" }, data: { x: "1" } };
    const news = { ...olds, data: { x: "2" } };
    expect(diff(olds, news)).toMatchObject({ detailed: { "data.x": { replace: true } }, deleteBeforeReplace: true });
    const autonamed = (inputs: Props) => ({
      ...inputs,
      metadata: { name: "a", annotations: { "pulumi.com/autonamed": "true" } },
    });
    expect(diff(autonamed(olds), autonamed(news)).deleteBeforeReplace).toBe(false);
  });

  test("an immutable ConfigMap is replaced although the provider makes them mutable", () => {
    const olds = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "a" }, data: { x: "1" } };
    const options = { ...OPTIONS, mutable: MUTABLE };
    expect(diff(olds, { ...olds, data: { x: "2" } }, options).detailed["data.x"]?.replace).toBeUndefined();
    const fixed = { ...olds, immutable: true };
    expect(diff(fixed, { ...fixed, data: { x: "2" } }, options).detailed["data.x"]?.replace).toBe(true);
  });

  test("any inputs against themselves are no change", () => {
    const leaf = fc.oneof(fc.string(), fc.integer(), fc.boolean());
    const spec = fc.letrec<{ value: Value }>((tie) => ({
      value: fc.oneof(
        { maxDepth: 3 },
        leaf,
        fc.array(tie("value")),
        fc.dictionary(fc.string({ minLength: 1 }), tie("value")),
      ),
    })).value;
    fc.assert(fc.property(spec, (value) => !diff(object(value), object(value)).changes));
  });
});

describe("what forces a replacement", () => {
  test.each([
    ["apps/v1", "Deployment", "metadata.name", true],
    ["apps/v1", "Deployment", "metadata.labels", false],
    ["apps/v1", "Deployment", "spec.selector.matchLabels.app", true],
    ["apps/v1", "Deployment", "spec.selectors", false],
    ["apps/v1", "Deployment", "spec.template.spec.containers[0].image", false],
    ["apps/v1", "StatefulSet", "spec.serviceName", true],
    ["apps/v1", "StatefulSet", "spec.volumeClaimTemplates[0].spec.resources.requests.storage", true],
    ["apps/v1", "StatefulSet", "spec.replicas", false],
    ["batch/v1", "Job", "spec.template.spec.containers[0].image", true],
    ["batch/v1", "Job", "spec.backoffLimit", false],
    ["v1", "PersistentVolumeClaim", "spec.resources.requests.storage", false],
    ["v1", "PersistentVolumeClaim", "spec.storageClassName", true],
    ["v1", "PersistentVolume", "spec.hostPath.path", true],
    ["v1", "PersistentVolume", "spec.capacity.storage", false],
    ["v1", "Pod", "spec.containers[0].command[1]", true],
    ["v1", "Pod", "spec.containers[0].image", false],
    ["v1", "Pod", "spec.initContainers[2].image", false],
    ["v1", "Pod", "spec.activeDeadlineSeconds", false],
    ["v1", "Service", "spec.clusterIP", true],
    ["v1", "Service", "spec.clusterIPs[0]", false],
    ["v1", "Secret", "data.x", true],
    ["v1", "ConfigMap", "binaryData.x", true],
    ["rbac.authorization.k8s.io/v1", "RoleBinding", "roleRef.name", true],
    ["rbac.authorization.k8s.io/v1", "ClusterRoleBinding", "subjects[0].name", false],
    ["storage.k8s.io/v1", "StorageClass", "parameters.type", true],
    ["policy/v1beta1", "PodDisruptionBudget", "spec.minAvailable", true],
    ["policy/v1", "PodDisruptionBudget", "spec.minAvailable", false],
    ["batch/v1", "CronJob", "spec.jobTemplate.spec.template", false],
    ["x.io/v1", "Deployment", "spec.selector", false],
  ])("%s %s %s: %p", (apiVersion, kind, path, expected) => {
    expect(forcesReplacement(apiVersion, kind, path, IMMUTABLE)).toBe(expected);
  });

  test("mutable Secrets are replaced for their type alone", () => {
    expect(forcesReplacement("v1", "Secret", "data.x", MUTABLE)).toBe(false);
    expect(forcesReplacement("v1", "Secret", "type", MUTABLE)).toBe(true);
  });
});
