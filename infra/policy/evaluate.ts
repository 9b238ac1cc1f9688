import { availabilityPolicies } from "./availability.ts";
import { certificatePolicies } from "./certificates.ts";
import { type Exception, exceptions } from "./exceptions.ts";
import { identityPolicies } from "./identity.ts";
import { imagePolicies } from "./images.ts";
import { linkPolicies } from "./links.ts";
import { namespacePolicies } from "./namespaces.ts";
import { objectPolicies } from "./objects.ts";
import { podPolicies } from "./pods.ts";
import { titleOf, workloadOf } from "./read.ts";
import { restrictedPolicies } from "./restricted.ts";
import { runningPolicies } from "./running.ts";
import { secretPolicies } from "./secrets.ts";
import { stackPolicies } from "./stack.ts";
import type { Finding, Policy, PolicyResource, Violation } from "./types.ts";

/** The whole pack. */
export const policies: readonly Policy[] = [
  ...podPolicies,
  ...restrictedPolicies,
  ...identityPolicies,
  ...imagePolicies,
  ...runningPolicies,
  ...secretPolicies,
  ...objectPolicies,
  ...certificatePolicies,
  ...stackPolicies,
  ...linkPolicies,
  ...namespacePolicies,
  ...availabilityPolicies,
];

/** What one policy finds in a resource, or in all resources of a stack; exceptions are left out. */
export function findingsOf(
  policy: Policy,
  resources: readonly PolicyResource[],
  except: readonly Exception[] = exceptions,
): (Finding & { resource: PolicyResource })[] {
  const found =
    "check" in policy
      ? resources.flatMap((resource) => policy.check(resource).map((finding) => ({ ...finding, resource })))
      : policy.checkStack(resources);
  const excepted = new Set(except.filter((entry) => entry.policy === policy.name).map(({ workload }) => workload));
  return found.filter(({ resource }) => !excepted.has(workloadOf(resource)));
}

/** Whether policies look at it: the objects of Kubernetes. */
export const isJudged = (type: string): boolean => type.startsWith("kubernetes:");

/** All violations of a stack. */
export function judge(resources: readonly PolicyResource[], pack: readonly Policy[] = policies): Violation[] {
  const judged = resources.filter(({ type }) => isJudged(type));
  return pack.flatMap((policy) =>
    findingsOf(policy, judged).map(({ resource, where, problem }) => ({
      policy: policy.name,
      level: policy.level,
      resource: titleOf(resource),
      where,
      problem,
      instead: policy.instead,
    })),
  );
}

/** One violation as a sentence: what is wrong, where, what to write. */
export function sentence({ resource, where, problem, instead }: Omit<Violation, "policy" | "level">): string {
  return `${resource}: ${where} ${problem}. Write instead: ${instead}.`;
}
