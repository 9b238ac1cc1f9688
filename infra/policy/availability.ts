import { LABEL } from "../lib/naming.ts";
import { namespaceOf, ofKind, podsAtLeast, protectedNamespaces, selected } from "./read.ts";
import type { Finding, PolicyResource, StackPolicy } from "./types.ts";

type Found = Finding & { resource: PolicyResource };

/** The component whose workloads answer users. */
const SERVING = "app";

/** What stays when a pod or a node goes. */
export const availabilityPolicies: readonly StackPolicy[] = [
  {
    name: "several-pods-have-budget",
    description: "A workload of several pods has a disruption budget that lets a drain take one, and not all.",
    instead: "add a PodDisruptionBudget with `maxUnavailable: 1`",
    level: "mandatory",
    checkStack: (resources) => {
      const budgets = ofKind(resources, "PodDisruptionBudget");
      const stuck = budgets.flatMap((resource): Found[] => {
        const { maxUnavailable, minAvailable } = resource.object.spec;
        const pods = selected(resource, resources).reduce((sum, one) => sum + podsAtLeast(one, resources), 0);
        if (
          maxUnavailable === 0 ||
          maxUnavailable === "0%" ||
          minAvailable === "100%" ||
          (typeof minAvailable === "number" && minAvailable >= pods)
        )
          return [{ resource, where: "spec", problem: "lets no pod go: a node could not be drained" }];
        return [];
      });
      const covered = new Set(budgets.flatMap((budget) => selected(budget, resources)));
      const bare = ofKind(resources, "Deployment", "StatefulSet")
        .filter((resource) => podsAtLeast(resource, resources) > 1 && !covered.has(resource))
        .map((resource) => ({
          resource,
          where: "spec.replicas",
          problem: `is ${podsAtLeast(resource, resources)}, without a PodDisruptionBudget`,
        }));
      return [...stuck, ...bare];
    },
  },
  {
    name: "serving-has-two",
    description: "Where users are (a protected namespace), each workload of the application has two pods or more.",
    instead: "set `replicas`, or the autoscaler's `minReplicas`, to 2 or more (`media-platform:sizes`)",
    level: "mandatory",
    checkStack: (resources) => {
      const safe = protectedNamespaces(resources);
      return ofKind(resources, "Deployment")
        .filter((one) => safe.has(namespaceOf(one)) && one.object.metadata?.labels?.[LABEL.component] === SERVING)
        .filter((one) => podsAtLeast(one, resources) < 2)
        .map((resource) => ({ resource, where: "spec.replicas", problem: `is ${podsAtLeast(resource, resources)}` }));
    },
  },
  {
    name: "rollout-keeps-serving",
    description: "A Deployment of several pods never takes an old pod away before the new one is ready.",
    instead: "set `strategy.rollingUpdate.maxUnavailable: 0` and `maxSurge: 1`",
    level: "mandatory",
    checkStack: (resources) =>
      ofKind(resources, "Deployment")
        .filter((one) => podsAtLeast(one, resources) > 1)
        .flatMap((resource): Found[] => {
          const { type, rollingUpdate } = resource.object.spec.strategy ?? {};
          if (type === "Recreate") return [{ resource, where: "spec.strategy.type", problem: "is Recreate" }];
          if (rollingUpdate?.maxUnavailable === 0) return [];
          const problem = `is ${rollingUpdate?.maxUnavailable ?? "not set, which means 25 %"}`;
          return [{ resource, where: "spec.strategy.rollingUpdate.maxUnavailable", problem }];
        }),
  },
];
