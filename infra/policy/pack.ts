import { PolicyPack, type ResourceValidationPolicy, type StackValidationPolicy } from "@pulumi/policy";
import { findingsOf, isJudged, policies, sentence } from "./evaluate.ts";
import { titleOf } from "./read.ts";
import type { Manifest, ObjectPolicy, Policy, PolicyResource, StackPolicy } from "./types.ts";

interface EngineResource {
  type: string;
  name: string;
  props: Record<string, unknown>;
  opts: { protect: boolean };
}

const resourceOf = ({ type, name, props, opts }: EngineResource): PolicyResource => ({
  type,
  name,
  object: props as unknown as Manifest,
  protect: opts.protect,
});

const common = ({ name, description, instead, level }: Policy) => ({
  name,
  description,
  remediationSteps: instead,
  enforcementLevel: level,
});

function ofObjects(policy: ObjectPolicy): ResourceValidationPolicy {
  return {
    ...common(policy),
    validateResource: (args, reportViolation) => {
      if (!isJudged(args.type)) return;
      for (const { resource, where, problem } of findingsOf(policy, [resourceOf(args)]))
        reportViolation(sentence({ resource: titleOf(resource), where, problem, instead: policy.instead }));
    },
  };
}

function ofStacks(policy: StackPolicy): StackValidationPolicy {
  return {
    ...common(policy),
    validateStack: ({ resources }, reportViolation) => {
      const judged = resources.filter(({ type }) => isJudged(type));
      const urns = new Map(judged.map((resource) => [`${resource.type} ${resource.name}`, resource.urn]));
      for (const { resource, where, problem } of findingsOf(policy, judged.map(resourceOf)))
        reportViolation(
          sentence({ resource: titleOf(resource), where, problem, instead: policy.instead }),
          urns.get(`${resource.type} ${resource.name}`),
        );
    },
  };
}

/** The pack as the engine runs it: `pulumi preview --policy-pack infra/policy`. */
new PolicyPack("media-platform", {
  policies: policies.map((policy) => ("check" in policy ? ofObjects(policy) : ofStacks(policy))),
});
