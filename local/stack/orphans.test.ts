import { expect, test } from "@jest/globals";
import { type Listed, orphansOf } from "./orphans.ts";

const metadata: Listed["metadata"] = {
  name: "gateway-config-0a1b2c3d",
  namespace: "media-dev",
  labels: { "app.kubernetes.io/part-of": "media-platform", "app.kubernetes.io/instance": "dev" },
  annotations: { "pulumi.com/autonamed": "true" },
  managedFields: [{ manager: "pulumi-kubernetes-1a2b3c4d" }],
};
const configMap = (more: Partial<Listed["metadata"]> = {}): Listed => ({
  kind: "ConfigMap",
  metadata: { ...metadata, ...more },
});
const stateOf = (type: string, id: string) => ({ deployment: { resources: [{ urn: "u", type, id }] } });
const other = stateOf("kubernetes:core/v1:ConfigMap", "media-dev/gateway-config-99999999");

test("an autonamed object with the stack's labels that stands in no state is an orphan", () => {
  expect(orphansOf([configMap()], other, "dev")).toEqual([
    { kind: "ConfigMap", name: "gateway-config-0a1b2c3d", namespace: "media-dev" },
  ]);
});

test.each([
  ["one in the state", configMap(), stateOf("kubernetes:core/v1:ConfigMap", "media-dev/gateway-config-0a1b2c3d")],
  [
    "one of another stack",
    configMap({ labels: { ...metadata.labels, "app.kubernetes.io/instance": "staging" } }),
    other,
  ],
  ["one without our labels", configMap({ labels: {} }), other],
  ["one of a controller", configMap({ ownerReferences: [{ kind: "Deployment" }] }), other],
  [
    "one that another manager made",
    configMap({ managedFields: [{ manager: "Patroni" }, { manager: "kubectl" }] }),
    other,
  ],
  ["one with a fixed name, such as a volume's claim", configMap({ annotations: {} }), other],
  ["one that is being deleted", configMap({ deletionTimestamp: "2026-01-01T00:00:00Z" }), other],
])("negative control: %s stays", (_, object, state) => {
  expect(orphansOf([object], state, "dev")).toEqual([]);
});

test("negative control: a Secret in the state does not hide a ConfigMap of the same name", () => {
  const state = stateOf("kubernetes:core/v1:Secret", "media-dev/gateway-config-0a1b2c3d");
  expect(orphansOf([configMap()], state, "dev")).toHaveLength(1);
});
