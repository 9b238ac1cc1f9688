import { describe, expect, test } from "@jest/globals";
import { type Props, secret, UNKNOWN, unwrapMap } from "../lib/values.ts";
import { checkResource } from "./check.ts";

const context = { defaultNamespace: "home", namespaced: async (inputs: Props) => inputs.kind !== "Namespace" };
const SEED = new Uint8Array([1, 2, 3]);

function check(
  news: Props,
  more: { olds?: Props; type?: string; seed?: Uint8Array; mode?: "propose" | "disable" } = {},
) {
  const type = more.type ?? `kubernetes:core/v1:${news.kind}`;
  const autonaming = more.mode && {
    autonaming: { proposedName: more.mode === "disable" ? "" : "proposed", mode: more.mode },
  };
  return checkResource(
    { urn: "u", type, name: "web", olds: more.olds, news, randomSeed: more.seed ?? SEED, ...autonaming },
    context,
  );
}
const configMap = (metadata?: Props): Props => ({ apiVersion: "v1", kind: "ConfigMap", ...(metadata && { metadata }) });
const AUTONAMED = { "pulumi.com/autonamed": "true" };

describe("check", () => {
  test("a resource without a name gets one, the same for the same seed", async () => {
    const first = await check(configMap());
    expect(first.inputs.metadata).toEqual({
      name: expect.stringMatching(/^web-[0-9a-f]{8}$/),
      annotations: AUTONAMED,
      namespace: "home",
    });
    expect(await check(configMap())).toEqual(first);
    expect(await check(configMap(), { seed: new Uint8Array([9]) })).not.toEqual(first);
  });

  test.each([
    ["keeps a made-up name", { name: "web-00000000", annotations: AUTONAMED }, "web-00000000"],
    ["does not take over a name that was given", { name: "given" }, expect.stringMatching(/^web-[0-9a-f]{8}$/)],
  ])("%s", async (_, metadata, expected) => {
    const { inputs } = await check(configMap(), { olds: configMap(metadata) });
    expect(inputs.metadata).toMatchObject({ name: expected, annotations: AUTONAMED });
  });

  test("the stack's own naming is followed", async () => {
    expect((await check(configMap(), { mode: "propose" })).inputs.metadata).toMatchObject({ name: "proposed" });
    await expect(check(configMap(), { mode: "disable" })).rejects.toThrow("metadata.name is required");
  });

  test("an unknown name is a name", async () => {
    expect((await check(configMap({ name: UNKNOWN }))).inputs.metadata).toEqual({ name: UNKNOWN, namespace: "home" });
  });

  test.each([
    ["set", configMap({ name: "a", namespace: "x" }), "x"],
    ["unknown", configMap({ name: "a", namespace: UNKNOWN }), UNKNOWN],
    ["missing", configMap({ name: "a" }), "home"],
    ["empty", configMap({ name: "a", namespace: "" }), "home"],
    ["none to be had", { apiVersion: "v1", kind: "Namespace", metadata: { name: "a" } }, undefined],
  ])("namespace: %s", async (_, news, expected) => {
    expect(((await check(news)).inputs.metadata as Props).namespace).toBe(expected);
  });

  test("what the server writes into metadata is taken out", async () => {
    const { inputs } = await check(configMap({ name: "a", uid: "u", resourceVersion: "1", creationTimestamp: null }));
    expect(inputs.metadata).toEqual({ name: "a", namespace: "home" });
  });

  test("stringData moves into data, and both stay secret", async () => {
    const news = {
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "a" },
      data: { b: "eA==" },
      stringData: { a: secret("pw") },
    };
    const { inputs } = await check(news);
    expect(inputs.data).toEqual(secret({ a: Buffer.from("pw").toString("base64"), b: "eA==" }));
    expect(inputs.stringData).toBeUndefined();
  });

  test("an unknown in stringData waits until it is known", async () => {
    const { inputs } = await check({
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "a" },
      stringData: { a: UNKNOWN },
    });
    expect(unwrapMap(inputs)).toMatchObject({ stringData: { a: UNKNOWN } });
  });

  test("secret marks return to where they were", async () => {
    const { inputs } = await check({ ...configMap({ name: "a" }), data: { open: "x", hidden: secret("y") } });
    expect(inputs.data).toEqual({ open: "x", hidden: secret("y") });
  });

  test.each([
    ["a patch", "kubernetes:core/v1:ConfigMapPatch", configMap({ name: "a" }), "not supported by this plugin"],
    ["a list", "kubernetes:core/v1:ConfigMapList", { apiVersion: "v1", kind: "ConfigMapList" }, "declare each"],
    ["a chart", "kubernetes:helm.sh/v3:Release", {}, "not supported by this plugin"],
    ["a generated name", "kubernetes:core/v1:ConfigMap", configMap({ generateName: "a-" }), "leave the name out"],
  ])("%s is refused with what to use instead", async (_, type, news, expected) => {
    const { failures } = await check(news, { type });
    expect(failures?.[0]?.reason).toContain(expected);
  });

  test("extension keys get their dashes back", async () => {
    const news = { ...configMap({ name: "a" }), schema: [{ x_kubernetes_list_type: "map" }] };
    expect((await check(news)).inputs.schema).toEqual([{ "x-kubernetes-list-type": "map" }]);
  });
});
