import { expect, test } from "@jest/globals";
import { idOf, objectOf, type PendingOperation, settle } from "./pending.ts";

const service: PendingOperation = {
  type: "creating",
  resource: {
    urn: "urn:pulumi:dev::p::kubernetes:core/v1:Service::collector",
    type: "kubernetes:core/v1:Service",
    inputs: { metadata: { name: "collector", namespace: "media-dev" } },
  },
};
const other = { urn: "urn:pulumi:dev::p::pulumi:pulumi:Stack::p-dev", type: "pulumi:pulumi:Stack" };

test.each([
  [service, { kind: "Service", name: "collector", namespace: "media-dev" }, "media-dev/collector"],
  [
    {
      type: "creating",
      resource: {
        urn: "u",
        type: "kubernetes:rbac.authorization.k8s.io/v1:ClusterRole",
        inputs: { metadata: { name: "dev-x" } },
      },
    },
    { kind: "ClusterRole.v1.rbac.authorization.k8s.io", name: "dev-x" },
    "dev-x",
  ],
])("a pending create names its object", (operation, object, id) => {
  expect(objectOf(operation)).toEqual(object);
  expect(idOf(object)).toBe(id);
});

test("what is no create of a Kubernetes object has none", () => {
  expect(objectOf({ ...service, type: "updating" })).toBeUndefined();
  expect(
    objectOf({ type: "creating", resource: { urn: "u", type: "random:index/randomPassword:RandomPassword" } }),
  ).toBeUndefined();
});

test("a create that arrived is adopted under its id, after what was there", () => {
  const settled = settle(
    { version: 3, deployment: { resources: [other], pending_operations: [service] } },
    new Map([[service.resource.urn, "media-dev/collector"]]),
  );
  expect(settled).toEqual({
    version: 3,
    deployment: {
      resources: [other, { ...service.resource, id: "media-dev/collector", outputs: service.resource.inputs }],
      pending_operations: [],
    },
  });
});

test("negative controls: one that did not arrive, or is known, is not added", () => {
  const state = { deployment: { resources: [other], pending_operations: [service] } };
  expect(settle(state, new Map()).deployment.resources).toEqual([other]);
  const known = { deployment: { resources: [{ ...service.resource, id: "x" }], pending_operations: [service] } };
  expect(settle(known, new Map([[service.resource.urn, "x"]])).deployment.resources).toHaveLength(1);
});
