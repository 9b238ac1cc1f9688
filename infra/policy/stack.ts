import {
  controllers,
  namespaceOf,
  ofKind,
  podOf,
  protectedNamespaces,
  selected,
  selectorOf,
  workloadOf,
} from "./read.ts";
import type { Finding, PolicyResource, StackPolicy } from "./types.ts";

type Found = Finding & { resource: PolicyResource };

/** Policies on how objects of a stack fit together. */
export const stackPolicies: readonly StackPolicy[] = [
  {
    name: "namespace-denies-by-default",
    description: "In a namespace with pods nothing is let in or out unless a rule says so.",
    instead: "add a NetworkPolicy with an empty podSelector, the types Ingress and Egress, and no rules",
    level: "mandatory",
    checkStack: (resources) => {
      const denied = ofKind(resources, "NetworkPolicy").filter(
        ({ object: { spec } }) =>
          Object.keys(spec.podSelector ?? {}).length === 0 &&
          ["Ingress", "Egress"].every((type) => spec.policyTypes?.includes(type)) &&
          !spec.ingress?.length &&
          !spec.egress?.length,
      );
      const safe = new Set(denied.map(namespaceOf));
      const found = new Map<string, Found>();
      for (const controller of controllers(resources)) {
        const namespace = namespaceOf(controller);
        if (!safe.has(namespace))
          found.set(namespace, {
            resource: controller,
            where: "metadata.namespace",
            problem: `is ${namespace}, which denies nothing`,
          });
      }
      return [...found.values()];
    },
  },
  {
    name: "pod-has-network-policy",
    description: "Every pod is selected by a NetworkPolicy of its own workload.",
    instead: "declare its links in `connectsTo` of the workload's spec (an empty list is enough)",
    level: "mandatory",
    checkStack: (resources) => {
      const policies = ofKind(resources, "NetworkPolicy").filter(
        (policy) => Object.keys(selectorOf(policy)).length > 0,
      );
      const covered = new Set(policies.flatMap((policy) => selected(policy, resources)));
      return controllers(resources)
        .filter((controller) => !covered.has(controller))
        .map((resource) => ({
          resource,
          where: `${podOf(resource)?.path}`,
          problem: "is selected by no NetworkPolicy",
        }));
    },
  },
  {
    name: "selector-selects-pods",
    description: "Every Service, NetworkPolicy and disruption budget selects pods that are there.",
    instead: "correct its selector, or remove it with the workload",
    level: "mandatory",
    checkStack: (resources) =>
      ofKind(resources, "NetworkPolicy", "Service", "PodDisruptionBudget")
        .filter((by) => Object.keys(selectorOf(by)).length > 0 && selected(by, resources).length === 0)
        .map((resource) => ({
          resource,
          where: resource.object.kind === "NetworkPolicy" ? "spec.podSelector" : "spec.selector",
          problem: `selects no pod: ${JSON.stringify(selectorOf(resource))}`,
        })),
  },
  {
    name: "references-are-there",
    description: "Every ConfigMap, Secret, claim and account that a pod names is in the stack.",
    instead: "correct the name, or add what it names",
    level: "mandatory",
    checkStack: (resources) => {
      const named = (kind: string) =>
        new Set(
          ofKind(resources, kind).map((resource) => `${namespaceOf(resource)}/${resource.object.metadata?.name}`),
        );
      const known = {
        ConfigMap: named("ConfigMap"),
        Secret: named("Secret"),
        PersistentVolumeClaim: named("PersistentVolumeClaim"),
        ServiceAccount: named("ServiceAccount"),
      };
      return controllers(resources).flatMap((resource) => {
        const pod = podOf(resource);
        const volumes = (pod?.spec.volumes ?? []) as Record<string, Record<string, string> & { optional?: boolean }>[];
        const wanted: [keyof typeof known, string | undefined, string][] = [
          ["ServiceAccount", pod?.spec.serviceAccountName, "serviceAccountName"],
          ...volumes.flatMap((volume): [keyof typeof known, string | undefined, string][] => [
            ["ConfigMap", volume.configMap?.optional ? undefined : volume.configMap?.name, `volumes[${volume.name}]`],
            ["Secret", volume.secret?.optional ? undefined : volume.secret?.secretName, `volumes[${volume.name}]`],
            ["PersistentVolumeClaim", volume.persistentVolumeClaim?.claimName, `volumes[${volume.name}]`],
          ]),
        ];
        return wanted
          .filter(([kind, name]) => name !== undefined && !known[kind].has(`${namespaceOf(resource)}/${name}`))
          .map(([kind, name, field]) => ({
            resource,
            where: `${pod?.path}.${field}`,
            problem: `names the ${kind} ${name}, which is not there`,
          }));
      });
    },
  },
  {
    name: "rights-are-used",
    description:
      "A token is mounted only where a role gives it rights, and a role is bound to an account that is there.",
    instead: "set `automountServiceAccountToken: false`, or bind a role to the account",
    level: "mandatory",
    checkStack: (resources) => {
      const subjects = ofKind(resources, "RoleBinding", "ClusterRoleBinding").flatMap(
        ({ object }) => (object.subjects ?? []) as { name: string; namespace?: string }[],
      );
      const bound = new Set(subjects.map(({ name, namespace }) => `${namespace}/${name}`));
      return controllers(resources)
        .filter((resource) => {
          const spec = podOf(resource)?.spec;
          return (
            spec?.automountServiceAccountToken === true &&
            !bound.has(`${namespaceOf(resource)}/${spec.serviceAccountName}`)
          );
        })
        .map((resource) => ({
          resource,
          where: `${podOf(resource)?.path}.automountServiceAccountToken`,
          problem: "is true, and its account has no rights",
        }));
    },
  },
  {
    name: "users-data-is-protected",
    description: "Where the namespace is protected, so are the claims in it, and a StatefulSet's claims outlive it.",
    instead: "set `protect: true` on the claim, and `persistentVolumeClaimRetentionPolicy.whenDeleted: Retain`",
    level: "mandatory",
    checkStack: (resources) => {
      const safe = protectedNamespaces(resources);
      return resources
        .filter((resource) => safe.has(namespaceOf(resource)))
        .flatMap((resource): Found[] => {
          const { kind, spec } = resource.object;
          if (kind === "PersistentVolumeClaim" && !resource.protect)
            return [{ resource, where: "protect", problem: "is false" }];
          const dropped =
            kind === "StatefulSet" &&
            spec.volumeClaimTemplates?.length &&
            spec.persistentVolumeClaimRetentionPolicy?.whenDeleted === "Delete";
          return dropped
            ? [{ resource, where: "spec.persistentVolumeClaimRetentionPolicy.whenDeleted", problem: "is Delete" }]
            : [];
        });
    },
  },
  {
    name: "backups-beside-data",
    description: "Backups are not kept on the volume of what they are backups of.",
    instead: "give the backup store a claim of its own, or a store outside the cluster",
    level: "mandatory",
    checkStack: (resources) => {
      const users = new Map<string, PolicyResource[]>();
      for (const resource of controllers(resources)) {
        for (const volume of (podOf(resource)?.spec.volumes ?? []) as {
          persistentVolumeClaim?: { claimName: string };
        }[]) {
          const claim = volume.persistentVolumeClaim?.claimName;
          if (claim) users.set(claim, [...(users.get(claim) ?? []), resource]);
        }
      }
      return [...users].flatMap(([claim, all]) => {
        const workloads = new Set(all.map(workloadOf));
        const [first] = all;
        return workloads.size > 1 && first
          ? [
              {
                resource: first,
                where: `${podOf(first)?.path}.volumes`,
                problem: `shares the claim ${claim} with ${[...workloads].slice(1).join(", ")}`,
              },
            ]
          : [];
      });
    },
  },
];
