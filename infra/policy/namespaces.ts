import { namespaceOf, ofKind } from "./read.ts";
import type { Finding, PolicyResource, StackPolicy } from "./types.ts";

type Found = Finding & { resource: PolicyResource };
interface Limit {
  type?: string;
  default?: { memory?: string };
  defaultRequest?: { cpu?: string; memory?: string };
}

/** A finding for each namespace without an object of the kind that holds what is wanted. */
function eachNamespace(resources: readonly PolicyResource[], kind: string, holds: (spec: never) => boolean): Found[] {
  const safe = new Set(
    ofKind(resources, kind)
      .filter(({ object }) => holds(object.spec as never))
      .map(namespaceOf),
  );
  return ofKind(resources, "Namespace")
    .filter(({ object }) => !safe.has(object.metadata?.name ?? ""))
    .map((resource) => ({
      resource,
      where: "metadata.name",
      problem: `is ${resource.object.metadata?.name}, without a ${kind}`,
    }));
}

/** How much a namespace may hold. */
export const namespacePolicies: readonly StackPolicy[] = [
  {
    name: "namespace-has-quota",
    description: "A namespace has a most number of pods, so that what runs away does not take the cluster from others.",
    instead: "add a ResourceQuota with `hard.pods` (infra/lib/namespace.ts makes one for each namespace)",
    level: "mandatory",
    checkStack: (resources) =>
      eachNamespace(resources, "ResourceQuota", ({ hard }: { hard?: { pods?: string } }) => hard?.pods !== undefined),
  },
  {
    name: "namespace-has-defaults",
    description: "A container that asks for nothing gets a request and a memory limit.",
    instead: "add a LimitRange of type Container with `default.memory` and `defaultRequest` (infra/lib/namespace.ts)",
    level: "mandatory",
    checkStack: (resources) =>
      eachNamespace(resources, "LimitRange", ({ limits = [] }: { limits?: Limit[] }) =>
        limits.some(
          ({ type, default: most, defaultRequest }) =>
            type === "Container" && most?.memory && defaultRequest?.memory && defaultRequest.cpu,
        ),
      ),
  },
];
