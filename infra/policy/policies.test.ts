import { readFileSync } from "node:fs";
import { describe, expect, test } from "@jest/globals";
import { parse } from "yaml";
import { findingsOf, judge, policies, sentence } from "./evaluate.ts";
import { exceptions } from "./exceptions.ts";
import { availabilityCases } from "./fixtures/availability.ts";
import { certificateCases } from "./fixtures/certificates.ts";
import { identityCases } from "./fixtures/identity.ts";
import { linkCases } from "./fixtures/links.ts";
import { namespaceCases } from "./fixtures/namespaces.ts";
import { pods } from "./fixtures/objects.ts";
import { podCases } from "./fixtures/pods.ts";
import { restrictedCases } from "./fixtures/restricted.ts";
import { runningCases } from "./fixtures/running.ts";
import { secretCases } from "./fixtures/secrets.ts";
import { stackCases } from "./fixtures/stack.ts";
import { partsOf } from "./images.ts";

const cases = {
  ...podCases,
  ...restrictedCases,
  ...identityCases,
  ...runningCases,
  ...secretCases,
  ...stackCases,
  ...certificateCases,
  ...linkCases,
  ...namespaceCases,
  ...availabilityCases,
};

test("every policy has cases, and every case its policy", () => {
  expect(Object.keys(cases).sort()).toEqual(policies.map(({ name }) => name).sort());
});

describe("the 52 checks that the pack is held against", () => {
  const text = readFileSync(new URL("./baseline.yaml", import.meta.url), "utf8");
  const baseline = parse(text) as { check: string; policies: string[]; because?: string }[];
  const names = policies.map(({ name }) => name);

  test("are all there, each with policies of the pack", () => {
    expect(new Set(baseline.map(({ check }) => check)).size).toBe(52);
    for (const { check, policies: wanted } of baseline) {
      expect([check, wanted.length > 0]).toEqual([check, true]);
      expect([check, wanted.filter((name) => !names.includes(name))]).toEqual([check, []]);
    }
  });

  test("are fewer than the policies, each of which has a name of its own", () => {
    expect(new Set(names).size).toBe(policies.length);
    expect(policies.length).toBeGreaterThan(52);
  });
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
