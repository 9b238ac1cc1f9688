import { describe, expect, test } from "@jest/globals";
import { findingsOf, judge, policies, sentence } from "./evaluate.ts";
import { exceptions } from "./exceptions.ts";
import { identityCases } from "./fixtures/identity.ts";
import { pods } from "./fixtures/objects.ts";
import { podCases } from "./fixtures/pods.ts";
import { runningCases } from "./fixtures/running.ts";
import { stackCases } from "./fixtures/stack.ts";
import { partsOf } from "./images.ts";

const cases = { ...podCases, ...identityCases, ...runningCases, ...stackCases };

test("every policy has cases, and every case its policy", () => {
  expect(Object.keys(cases).sort()).toEqual(policies.map(({ name }) => name).sort());
});

test("there are more policies than the 50 that were promised, each with one name", () => {
  expect(new Set(policies.map(({ name }) => name)).size).toBe(policies.length);
  expect(policies.length).toBeGreaterThan(50);
});

test("a policy is mandatory, or says why it is not", () => {
  for (const { name, level, because } of policies)
    expect([name, level === "mandatory"]).toEqual([name, because === undefined]);
});

describe.each(policies)("$name", (policy) => {
  const { passes, nearMisses, fails } = cases[policy.name] as (typeof cases)[string];
  const wheres = (resources: (typeof passes)[number]) => findingsOf(policy, resources, []).map(({ where }) => where);

  test("accepts what is right", () => {
    expect(passes.length).toBeGreaterThan(0);
    for (const resources of passes) expect(wheres(resources)).toEqual([]);
  });

  test("accepts what only looks wrong", () => {
    expect(nearMisses.length).toBeGreaterThan(0);
    for (const resources of nearMisses) expect(wheres(resources)).toEqual([]);
  });

  test("finds what is wrong, and names the field", () => {
    expect(fails.length).toBeGreaterThan(0);
    for (const [resources, field] of fails) expect(wheres(resources)).toContainEqual(expect.stringContaining(field));
  });
});

test("an exception lets its own workload pass that policy, and nothing else", () => {
  const [policy] = policies.filter(({ name }) => name === "pod-not-privileged");
  const bad = podCases["pod-not-privileged"]?.fails[0]?.[0] ?? [];
  const except = (workload: string, name = "pod-not-privileged") => [{ policy: name, workload, reason: "test" }];
  if (!policy) throw new Error("the policy is gone");
  expect(findingsOf(policy, bad, except("api"))).toEqual([]);
  expect(findingsOf(policy, bad, except("web"))).toHaveLength(1);
  expect(findingsOf(policy, bad, except("api", "pod-not-root"))).toHaveLength(1);
});

test("every exception names a policy, and has a reason", () => {
  for (const { policy, reason } of exceptions) {
    expect(policies.map(({ name }) => name)).toContain(policy);
    expect(reason.length).toBeGreaterThan(20);
  }
});

test("a violation says which resource, which field, and what to write", () => {
  const [violation] = judge(podCases["pod-not-privileged"]?.fails[0]?.[0] ?? []).filter(
    ({ policy }) => policy === "pod-not-privileged",
  );
  if (!violation) throw new Error("nothing was found");
  expect(sentence(violation)).toBe(
    "Deployment api: spec.template.spec.containers[api].securityContext.privileged is true. Write instead: remove `securityContext.privileged`; give the one capability or host folder that is needed, as an exception.",
  );
});

test("what is no object of Kubernetes is not judged", () => {
  expect(judge(pods().map((resource) => ({ ...resource, type: "docker:index/image:Image" })))).toEqual([]);
});

test.each([
  ["redis", { repository: "docker.io/library/redis" }],
  ["localhost:5000/a/b:1", { repository: "localhost:5000/a/b", tag: "1" }],
  ["quay.io/a/b@sha256:0", { repository: "quay.io/a/b", digest: "sha256:0" }],
])("the parts of %s", (reference, parts) => {
  expect(partsOf(reference)).toEqual(parts);
});
