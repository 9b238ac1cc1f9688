import { podOf } from "./read.ts";
import type { Finding, ObjectPolicy, PolicyResource } from "./types.ts";

interface Rule {
  apiGroups?: string[];
  resources?: string[];
  verbs?: string[];
  resourceNames?: string[];
}

const ROLES = ["Role", "ClusterRole"];
const BINDINGS = ["RoleBinding", "ClusterRoleBinding"];

/** A finding for each rule of a role that `wrong` describes. */
function eachRule({ object }: PolicyResource, wrong: (rule: Rule) => string | undefined | false): Finding[] {
  if (!ROLES.includes(object.kind)) return [];
  return ((object.rules ?? []) as Rule[]).flatMap((rule, index) => {
    const problem = wrong(rule);
    return problem ? [{ where: `rules[${index}]`, problem }] : [];
  });
}

const has = (list: string[] | undefined, ...wanted: string[]) => (list ?? []).find((entry) => wanted.includes(entry));
const allows = (rule: Rule, resource: RegExp, ...verbs: string[]) =>
  rule.resources?.some((name) => resource.test(name) || name === "*") && has(rule.verbs, ...verbs, "*");

/** Who a pod is for the Kubernetes API, and what that identity may do. */
export const identityPolicies: readonly ObjectPolicy[] = [
  {
    name: "pod-own-account",
    description: "Each workload has a ServiceAccount of its own, so that rights are given to one workload.",
    instead: "set `serviceAccountName` to the workload's own account",
    level: "mandatory",
    check: (resource) => {
      const pod = podOf(resource);
      const account = pod?.spec.serviceAccountName;
      if (!pod || (account && account !== "default")) return [];
      return [{ where: `${pod.path}.serviceAccountName`, problem: `is ${account ?? "not set, which means default"}` }];
    },
  },
  {
    name: "pod-token-asked-for",
    description: "Whether a pod gets a token of the Kubernetes API is written down: the default is yes.",
    instead: "set `automountServiceAccountToken` in the pod: false, or true where RBAC rules use it",
    level: "mandatory",
    check: (resource) => {
      const pod = podOf(resource);
      if (!pod || typeof pod.spec.automountServiceAccountToken === "boolean") return [];
      return [{ where: `${pod.path}.automountServiceAccountToken`, problem: "is not set" }];
    },
  },
  {
    name: "account-without-token",
    description: "A ServiceAccount mounts no token by itself: the pod must ask for it.",
    instead: "set `automountServiceAccountToken: false` in the ServiceAccount",
    level: "mandatory",
    check: ({ object }) =>
      object.kind === "ServiceAccount" && object.automountServiceAccountToken !== false
        ? [{ where: "automountServiceAccountToken", problem: "is not false" }]
        : [],
  },
  {
    name: "no-default-account-bound",
    description: "The `default` account of a namespace has no rights: every pod that names no account would have them.",
    instead: "bind the workload's own ServiceAccount",
    level: "mandatory",
    check: ({ object }) =>
      (BINDINGS.includes(object.kind) ? ((object.subjects ?? []) as { kind: string; name: string }[]) : []).flatMap(
        ({ kind, name }, index) =>
          kind === "ServiceAccount" && name === "default"
            ? [{ where: `subjects[${index}]`, problem: "is the default account" }]
            : [],
      ),
  },
  {
    name: "no-group-bound",
    description: "No rights for all accounts, or for callers that are not signed in.",
    instead: "name the ServiceAccounts one by one",
    level: "mandatory",
    check: ({ object }) =>
      (BINDINGS.includes(object.kind) ? ((object.subjects ?? []) as { kind: string; name: string }[]) : []).flatMap(
        ({ kind, name }, index) =>
          name?.startsWith("system:") && kind !== "ServiceAccount"
            ? [{ where: `subjects[${index}]`, problem: `is ${kind} ${name}` }]
            : [],
      ),
  },
  {
    name: "namespace-not-default",
    description: "Nothing of ours lives in the namespaces that every cluster has.",
    instead: "use the stack's own namespace (media-<stack>)",
    level: "mandatory",
    check: ({ object }) => {
      const { namespace } = object.metadata ?? {};
      const shared = namespace !== undefined && /^(default|kube-.*)$/.test(namespace);
      return shared ? [{ where: "metadata.namespace", problem: `is ${namespace}` }] : [];
    },
  },
  {
    name: "no-cluster-admin",
    description: "No workload is bound to a role that may do everything.",
    instead: "write a Role with the verbs and resources that the workload uses (`rbac` of its spec)",
    level: "mandatory",
    check: ({ object }) => {
      const role = BINDINGS.includes(object.kind) ? object.roleRef?.name : undefined;
      const wide = ["cluster-admin", "admin", "edit"].includes(role);
      return wide ? [{ where: "roleRef.name", problem: `is ${role}` }] : [];
    },
  },
  {
    name: "rbac-no-wildcard",
    description: "Roles name their verbs, resources and groups; `*` also means those that come later.",
    instead: "list the verbs, resources and API groups that are used",
    level: "mandatory",
    check: (resource) =>
      eachRule(
        resource,
        (rule) =>
          [rule.verbs, rule.resources, rule.apiGroups].some((list) => has(list, "*")) &&
          `has "*": ${JSON.stringify(rule)}`,
      ),
  },
  {
    name: "rbac-no-escalation",
    description: "No workload can give itself more rights, or act as someone else.",
    instead: "remove the verbs escalate, bind and impersonate, and rights to write roles and bindings",
    level: "mandatory",
    check: (resource) =>
      eachRule(resource, (rule) => {
        const verb = has(rule.verbs, "escalate", "bind", "impersonate");
        if (verb) return `has the verb ${verb}`;
        const written = allows(rule, /^(cluster)?role(binding)?s$/, "create", "update", "patch");
        return written && `may ${written} roles or bindings`;
      }),
  },
  {
    name: "rbac-no-exec",
    description: "No workload can run commands in other pods.",
    instead: "remove `pods/exec`, `pods/attach` and `pods/portforward`; people use their own account",
    level: "mandatory",
    check: (resource) =>
      eachRule(
        resource,
        (rule) => allows(rule, /^pods\/(exec|attach|portforward)$/, "create", "get") && "may run commands in pods",
      ),
  },
  {
    name: "rbac-secrets-by-name",
    description: "No workload can list Secrets: it reads those that are named.",
    instead: "name them in `resourceNames` and allow `get` alone, or mount the Secret",
    level: "mandatory",
    check: (resource) =>
      eachRule(resource, (rule) => {
        const verb = allows(rule, /^secrets$/, "list", "watch");
        if (verb) return `may ${verb} secrets`;
        return allows(rule, /^secrets$/, "get") && !rule.resourceNames && "may get every secret of its namespace";
      }),
  },
  {
    name: "rbac-no-cluster-control",
    description: "No workload changes admission webhooks, nodes, volumes or storage drivers.",
    instead: "leave these to the owner of the cluster",
    level: "mandatory",
    check: (resource) =>
      eachRule(resource, (rule) => {
        const touched = allows(
          rule,
          /^((mutating|validating)webhookconfigurations|nodes|nodes\/proxy|persistentvolumes|csidrivers|customresourcedefinitions)$/,
          "create",
          "update",
          "patch",
          "delete",
        );
        return touched && `may ${touched} ${rule.resources?.join(", ")}`;
      }),
  },
];
