import { expect, test } from "@jest/globals";
import { address } from "@media/infra/endpoints";
import { refusalsOf } from "@media/infra/policy/restricted";
import { GATEWAY, jobPlan } from "@media/loadtests/generator";

const job = jobPlan({
  stack: "dev",
  namespace: "media-dev",
  name: "load-generator-1",
  image: "i",
  deadlineSeconds: 400,
});
const refused = (object: object) =>
  refusalsOf({ type: "kubernetes:batch/v1:Job", name: "load-generator-1", object: object as never, protect: false });

test("the pod of a load generator is one that the namespace admits", () => {
  expect(refused(job)).toEqual([]);
  // The control: without its profile it is not.
  const open = structuredClone(job) as { spec: { template: { spec: { securityContext: object } } } };
  open.spec.template.spec.securityContext = {};
  expect(refused(open)).not.toEqual([]);
});

test("it goes to where the stack's gateway listens for pods", () => {
  expect(`${GATEWAY.service}:${GATEWAY.port}`).toBe(address("gateway-inside:inside"));
});
