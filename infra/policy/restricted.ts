import { type Container, containersOf, type Pod, podOf } from "./read.ts";
import type { Finding, ObjectPolicy, PolicyResource } from "./types.ts";

// biome-ignore lint/suspicious/noExplicitAny: security contexts are read at arbitrary paths.
type Context = Record<string, any>;
type Scope = { readonly path: string; readonly spec: Context; readonly context: Context };

const VOLUMES = [
  "configMap",
  "csi",
  "downwardAPI",
  "emptyDir",
  "ephemeral",
  "persistentVolumeClaim",
  "projected",
  "secret",
];
const SELINUX_TYPES = ["", "container_t", "container_init_t", "container_kvm_t", "container_engine_t"];
const PROFILES = ["RuntimeDefault", "Localhost"];
const SYSCTLS = [
  "kernel.shm_rmid_forced",
  "net.ipv4.ip_local_port_range",
  "net.ipv4.ip_local_reserved_ports",
  "net.ipv4.ip_unprivileged_port_start",
  "net.ipv4.ping_group_range",
  "net.ipv4.tcp_fin_timeout",
  "net.ipv4.tcp_keepalive_intvl",
  "net.ipv4.tcp_keepalive_probes",
  "net.ipv4.tcp_keepalive_time",
  "net.ipv4.tcp_rmem",
  "net.ipv4.tcp_syncookies",
  "net.ipv4.tcp_wmem",
];

interface Check {
  /** Another policy says the same with more words, and for what it means here. */
  readonly told?: true;
  readonly pod?: (spec: Context) => [field: string, problem: string][];
  /** Looks at the pod's security context, and at each container's. */
  readonly context?: (scope: Scope) => [field: string, problem: string][];
  /** Looks at a container with what its pod says for it. */
  readonly container?: (scope: Scope, pod: Context) => [field: string, problem: string][];
}

const when = (bad: unknown, field: string, problem: string): [string, string][] => (bad ? [[field, problem]] : []);

/** The profile `restricted` of Kubernetes 1.34 as its admission plugin applies it to pods of Linux. */
const CHECKS: readonly Check[] = [
  {
    told: true,
    pod: (spec) => ["hostNetwork", "hostPID", "hostIPC"].flatMap((field) => when(spec[field], field, "is true")),
    container: ({ spec, context }, pod) => [
      ...when(context.privileged, "securityContext.privileged", "is true"),
      ...when(context.allowPrivilegeEscalation !== false, "securityContext.allowPrivilegeEscalation", "is not false"),
      ...when(!context.capabilities?.drop?.includes("ALL"), "securityContext.capabilities.drop", "does not have ALL"),
      ...when(
        context.capabilities?.add?.some((name: string) => name !== "NET_BIND_SERVICE"),
        "securityContext.capabilities.add",
        "has more than NET_BIND_SERVICE",
      ),
      ...when(
        (spec.ports as Context[] | undefined)?.some(({ hostPort }) => hostPort),
        "ports",
        "has a hostPort",
      ),
      ...when((context.runAsNonRoot ?? pod.runAsNonRoot) !== true, "securityContext.runAsNonRoot", "is not true"),
      ...when(
        (context.seccompProfile ?? pod.seccompProfile) === undefined,
        "securityContext.seccompProfile",
        "is not set",
      ),
      ...when(asksAnotherHost(spec), "probes", "ask another host"),
    ],
  },
  {
    pod: ({ volumes = [] }) =>
      (volumes as Context[]).flatMap(({ name, ...source }) =>
        when(!VOLUMES.some((kind) => source[kind]), `volumes[${name}]`, `is of ${Object.keys(source)[0] ?? "no kind"}`),
      ),
  },
  {
    pod: ({ securityContext }) =>
      ((securityContext?.sysctls ?? []) as Context[]).flatMap(({ name }) =>
        when(!SYSCTLS.includes(name), "securityContext.sysctls", `sets ${name}`),
      ),
  },
  {
    context: ({ context }) => [
      ...when(context.runAsNonRoot === false, "securityContext.runAsNonRoot", "is false"),
      ...when(context.runAsUser === 0, "securityContext.runAsUser", "is 0"),
      ...unlisted(context.seccompProfile, "seccompProfile"),
      ...unlisted(context.appArmorProfile, "appArmorProfile"),
      ...when(
        !["Default", undefined].includes(context.procMount),
        "securityContext.procMount",
        `is ${context.procMount}`,
      ),
      ...when(context.windowsOptions?.hostProcess, "securityContext.windowsOptions.hostProcess", "is true"),
      ...ofSelinux(context.seLinuxOptions),
    ],
  },
];

const unlisted = (profile: Context | undefined, name: string) =>
  when(profile && !PROFILES.includes(profile.type), `securityContext.${name}.type`, `is ${profile?.type}`);

function ofSelinux(options: Context | undefined): [string, string][] {
  const { type = "", user = "", role = "" } = options ?? {};
  return when(
    !SELINUX_TYPES.includes(type) || user !== "" || role !== "",
    "securityContext.seLinuxOptions",
    "names a user, a role or a type of its own",
  );
}

/** Probes and hooks that ask a host by name. */
function asksAnotherHost({ startupProbe, readinessProbe, livenessProbe, lifecycle }: Context): boolean {
  const actions = [startupProbe, readinessProbe, livenessProbe, lifecycle?.postStart, lifecycle?.preStop];
  return actions.some((action) => action?.httpGet?.host || action?.tcpSocket?.host);
}

const scopeOf = ({ path, spec }: Pod | Container): Scope => ({ path, spec, context: spec.securityContext ?? {} });

function findings(resource: PolicyResource, checks: readonly Check[]): Finding[] {
  const pod = podOf(resource);
  if (!pod) return [];
  const own = scopeOf(pod);
  const containers = containersOf(resource).map(scopeOf);
  const at = ({ path }: Scope, found: [string, string][]) =>
    found.map(([field, problem]) => ({ where: `${path}.${field}`, problem }));
  return checks.flatMap((check) => [
    ...at(own, check.pod?.(pod.spec) ?? []),
    ...[own, ...containers].flatMap((scope) => at(scope, check.context?.(scope) ?? [])),
    ...containers.flatMap((scope) => at(scope, check.container?.(scope, own.context) ?? [])),
  ]);
}

/** Everything for which a namespace that enforces `restricted` refuses the pods of an object. */
export const refusalsOf = (resource: PolicyResource): Finding[] => findings(resource, CHECKS);

export const restrictedPolicies: readonly ObjectPolicy[] = [
  {
    name: "pod-is-restricted",
    description: "What the profile `restricted` of the namespace refuses, and no other policy tells.",
    instead:
      "remove it: only volumes of the stack's own objects, the runtime's own profiles, no sysctl of the node, and nothing that names root",
    level: "mandatory",
    check: (resource) =>
      findings(
        resource,
        CHECKS.filter(({ told }) => !told),
      ),
  },
];
