import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { hasSecret, type Props, secret, UNKNOWN, unwrapMap, type Value } from "../lib/values.ts";
import { migrateManagers, union } from "./managed-fields.ts";
import { importedInputs, refreshedInputs } from "./read.ts";
import { markSecrets } from "./secrets.ts";
import { checkpoint, parseCheckpoint } from "./state.ts";

describe("secret marks", () => {
  test.each([
    ["a text", { a: secret("x") }, { a: "x" }, { a: secret("x") }],
    [
      "inside maps by key",
      { a: { b: secret("x"), c: 1 } },
      { a: { b: "x", c: 1, d: 2 } },
      { a: { b: secret("x"), c: 1, d: 2 } },
    ],
    ["in a list: the whole list", { l: [{ v: secret("x") }] }, { l: [{ v: "x" }] }, { l: secret([{ v: "x" }]) }],
    ["a secret map: the whole map", { m: secret({ a: 1 }) }, { m: { a: 1, b: 2 } }, { m: secret({ a: 1, b: 2 }) }],
    ["not where the output has nothing", { a: secret("x") }, { b: 1 }, { b: 1 }],
    ["none at all", { a: 1 }, { a: 2 }, { a: 2 }],
  ])("%s", (_, inputs, values, expected) => {
    expect(markSecrets(values as Props, inputs as Props)).toEqual(expected);
  });

  test("data of a Secret is secret although nobody said so", () => {
    const object = { apiVersion: "v1", kind: "Secret", data: { a: "eA==" } };
    expect(markSecrets(object, object).data).toEqual(secret({ a: "eA==" }));
  });

  test("no secret text is left open", () => {
    const text = fc.string({ minLength: 12 });
    fc.assert(
      fc.property(text, fc.string({ minLength: 1 }), (hidden, key) => {
        const inputs: Props = { [key]: [{ deep: secret(hidden) }] };
        const marked = markSecrets(unwrapMap(inputs), inputs);
        return hasSecret(marked[key]);
      }),
    );
  });
});

describe("checkpoint", () => {
  const inputs: Props = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "a" }, data: { k: secret("v") } };
  const live: Props = { ...unwrapMap(inputs), metadata: { name: "a", uid: "u" }, status: { x: 1 } };

  test("holds the live object and the inputs, and reads back", () => {
    const state = checkpoint(live, inputs);
    expect(state).toMatchObject({ data: { k: secret("v") }, __inputs: inputs, __initialApiVersion: "v1" });
    expect(parseCheckpoint(state)).toMatchObject({ live, inputs: unwrapMap(inputs), initialApiVersion: "v1" });
  });

  test("keeps the first apiVersion and the field manager", () => {
    const kept = { initialApiVersion: "v0", fieldManager: "pulumi-kubernetes-1" };
    expect(checkpoint(live, inputs, kept)).toMatchObject({
      __initialApiVersion: "v0",
      __fieldManager: "pulumi-kubernetes-1",
    });
    expect(checkpoint(live, inputs).__fieldManager).toMatch(/^pulumi-kubernetes-[0-9a-f]{8}$/);
  });

  test("the old form is still read", () => {
    expect(parseCheckpoint({ inputs: { a: 1 }, live: { b: 2 } })).toMatchObject({ inputs: { a: 1 }, live: { b: 2 } });
  });
});

describe("refresh and import", () => {
  test("drift shows in declared fields only; dropped empties are no drift", () => {
    const inputs = { spec: { a: 1, l: [{ n: 1 }], none: [], gone: "x" } };
    const live = { spec: { a: 2, l: [{ n: 1, extra: 1 }, { n: 2 }], other: 3 }, status: {} };
    expect(refreshedInputs(live, inputs)).toEqual({ spec: { a: 2, l: [{ n: 1 }], none: [] } });
  });

  test("an import takes what a person could have written", () => {
    const annotations = { "kubectl.kubernetes.io/last-applied-configuration": "{}", mine: "1" };
    const metadata = {
      name: "a",
      uid: "u",
      resourceVersion: "1",
      generation: 1,
      managedFields: [],
      creationTimestamp: "t",
      annotations,
    };
    expect(importedInputs({ kind: "K", metadata, spec: { a: 1 }, status: { b: 1 } })).toEqual({
      kind: "K",
      metadata: { name: "a", annotations: { mine: "1" } },
      spec: { a: 1 },
    });
  });
});

describe("managed fields", () => {
  const entry = (manager: string, operation: string, fieldsV1: Props, more: Props = {}): Props => ({
    manager,
    operation,
    apiVersion: "v1",
    fieldsType: "FieldsV1",
    fieldsV1,
    ...more,
  });

  test("fields of earlier managers become ours, others stay theirs", () => {
    const status = entry("pulumi-kubernetes", "Update", { "f:status": {} }, { subresource: "status" });
    const other = entry("controller", "Update", { "f:x": {} });
    const managed = [
      entry("pulumi-kubernetes", "Update", { "f:spec": { "f:a": {} } }),
      other,
      status,
      entry("kubectl", "Apply", { "f:spec": { "f:b": {} } }),
      entry("ours", "Apply", { "f:data": {} }),
    ];
    const result = migrateManagers(managed, "ours", "v1") ?? [];
    expect(result).toHaveLength(3);
    expect(result).toEqual(expect.arrayContaining([other, status]));
    expect(result.at(-1)).toMatchObject({
      manager: "ours",
      operation: "Apply",
      fieldsV1: { "f:data": {}, "f:spec": { "f:a": {}, "f:b": {} } },
    });
  });

  test("nothing to move is nothing to do", () => {
    expect(migrateManagers([entry("ours", "Apply", {}), entry("x", "Update", {})], "ours", "v1")).toBeUndefined();
  });

  test("a union holds both and is the same in either order", () => {
    const tree: fc.Arbitrary<Value> = fc.letrec<{ tree: Value }>((tie) => ({
      tree: fc.oneof(
        { maxDepth: 3 },
        fc.constant({}),
        fc.dictionary(fc.constantFrom("f:a", "f:b", "k:c"), tie("tree")),
      ),
    })).tree;
    fc.assert(
      fc.property(tree, tree, (a, b) => {
        expect(union(a as Props, b as Props)).toEqual(union(b as Props, a as Props));
        expect(union(a as Props, a as Props)).toEqual(a);
      }),
    );
  });
});

test("an unknown among secret data keeps the mark", () => {
  const inputs = { apiVersion: "v1", kind: "Secret", stringData: { a: UNKNOWN } };
  expect(markSecrets(inputs, inputs).stringData).toEqual(secret({ a: UNKNOWN }));
});
