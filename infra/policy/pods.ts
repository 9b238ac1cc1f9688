import { containersOf, eachContainer, podOf } from "./read.ts";
import type { Finding, ObjectPolicy, PolicyResource } from "./types.ts";

/** The user and group ids from which on none is one of the node's own. */
export const FIRST_APP_UID = 10_000;

const ALLOWED_CAPABILITY = "NET_BIND_SERVICE";
const SECCOMP = ["RuntimeDefault", "Localhost"];
const SOCKET = /(docker|containerd|crio|cri-dockerd)(\/[\w.-]+)*\.sock$/;

/** Findings of the pod's own fields. */
function eachPod(resource: PolicyResource, problems: (spec: Record<string, unknown>) => [string, string][]): Finding[] {
  const pod = podOf(resource);
  return pod ? problems(pod.spec).map(([field, problem]) => ({ where: `${pod.path}.${field}`, problem })) : [];
}

function ofHost(field: "hostPID" | "hostIPC" | "hostNetwork", name: string, what: string): ObjectPolicy {
  return {
    name,
    description: `Pods do not share ${what} of their node.`,
    instead: `remove \`${field}\`; an agent of the node belongs into the exceptions of infra/policy/exceptions.ts with its reason`,
    level: "mandatory",
    check: (resource) => eachPod(resource, (spec) => (spec[field] === true ? [[field, "is true"]] : [])),
  };
}

/** What a container says of its security, with what its pod says for it. */
const secured = (container: { spec: Record<string, unknown> }, pod: { spec: Record<string, unknown> }, field: string) =>
  (container.spec.securityContext as Record<string, unknown> | undefined)?.[field] ??
  (pod.spec.securityContext as Record<string, unknown> | undefined)?.[field];

/** Pod security: the `restricted` standard of Kubernetes, and what goes beyond it. */
export const podPolicies: readonly ObjectPolicy[] = [
  {
    name: "pod-not-privileged",
    description: "No container is privileged: it would own its node.",
    instead:
      "remove `securityContext.privileged`; give the one capability or host folder that is needed, as an exception",
    level: "mandatory",
    check: (resource) =>
      eachContainer(
        resource,
        ({ spec }) => spec.securityContext?.privileged === true && ["securityContext.privileged", "is true"],
      ),
  },
  ofHost("hostPID", "pod-no-host-processes", "the processes"),
  ofHost("hostIPC", "pod-no-host-ipc", "the shared memory"),
  ofHost("hostNetwork", "pod-no-host-network", "the network"),
  {
    name: "pod-no-host-port",
    description:
      "No container takes a port of its node: no second pod could be there, and NetworkPolicies do not see it.",
    instead: "remove `hostPort`; expose the workload by a Service",
    level: "mandatory",
    check: (resource) =>
      eachContainer(resource, ({ spec }) => {
        const taken = (spec.ports ?? []).find(({ hostPort }: { hostPort?: number }) => hostPort);
        return taken && [`ports[${taken.name}].hostPort`, `is ${taken.hostPort}`];
      }),
  },
  {
    name: "pod-no-privilege-escalation",
    description: "No process can gain more rights than it was started with.",
    instead: "set `securityContext.allowPrivilegeEscalation: false`",
    level: "mandatory",
    check: (resource) =>
      eachContainer(
        resource,
        ({ spec }) =>
          spec.securityContext?.allowPrivilegeEscalation !== false && [
            "securityContext.allowPrivilegeEscalation",
            "is not false",
          ],
      ),
  },
  {
    name: "pod-not-root",
    description: `Processes run as a user and a group from ${FIRST_APP_UID} on, which is none of the node's.`,
    instead: `set \`runAsNonRoot: true\` and \`runAsUser\` and \`runAsGroup\` of ${FIRST_APP_UID} or more, in the pod or the container`,
    level: "mandatory",
    check: (resource) =>
      eachContainer(resource, (container, pod) => {
        if (secured(container, pod, "runAsNonRoot") !== true)
          return ["securityContext.runAsNonRoot", "is not true, in the pod neither"];
        for (const field of ["runAsUser", "runAsGroup"]) {
          const id = secured(container, pod, field) as number | undefined;
          if (id === undefined) return [`securityContext.${field}`, "is not set, in the pod neither"];
          if (id < FIRST_APP_UID) return [`securityContext.${field}`, `is ${id}, below ${FIRST_APP_UID}`];
        }
        return undefined;
      }),
  },
  {
    name: "pod-drops-capabilities",
    description: "Containers give up all capabilities of Linux.",
    instead: "set `securityContext.capabilities.drop: [ALL]`",
    level: "mandatory",
    check: (resource) =>
      eachContainer(
        resource,
        ({ spec }) =>
          !spec.securityContext?.capabilities?.drop?.includes("ALL") && [
            "securityContext.capabilities.drop",
            "does not have ALL",
          ],
      ),
  },
  {
    name: "pod-adds-no-capability",
    description: `Containers take back no capability but ${ALLOWED_CAPABILITY}.`,
    instead: `remove it from \`securityContext.capabilities.add\`; only ${ALLOWED_CAPABILITY} may stand there`,
    level: "mandatory",
    check: (resource) =>
      eachContainer(resource, ({ spec }) => {
        const added = (spec.securityContext?.capabilities?.add ?? []) as string[];
        const wrong = added.filter((capability) => capability !== ALLOWED_CAPABILITY);
        return wrong.length > 0 && ["securityContext.capabilities.add", `has ${wrong.join(", ")}`];
      }),
  },
  {
    name: "pod-has-seccomp",
    description: "The system calls of containers are filtered.",
    instead: "set `securityContext.seccompProfile.type: RuntimeDefault` in the pod",
    level: "mandatory",
    check: (resource) =>
      eachContainer(resource, (container, pod) => {
        const { type } = (secured(container, pod, "seccompProfile") ?? {}) as { type?: string };
        return !SECCOMP.includes(type ?? "") && ["securityContext.seccompProfile.type", `is ${type ?? "not set"}`];
      }),
  },
  {
    name: "pod-read-only-root",
    description: "Containers cannot write into their image's file system.",
    instead:
      "set `securityContext.readOnlyRootFilesystem: true` and mount a scratch volume where the process must write",
    level: "mandatory",
    check: (resource) =>
      eachContainer(
        resource,
        ({ spec }) =>
          spec.securityContext?.readOnlyRootFilesystem !== true && [
            "securityContext.readOnlyRootFilesystem",
            "is not true",
          ],
      ),
  },
  {
    name: "pod-no-host-path",
    description: "Pods see no folder of their node.",
    instead: "use a claim, a scratch volume, a ConfigMap or a Secret; an agent of the node needs an exception",
    level: "mandatory",
    check: (resource) =>
      eachPod(resource, (spec) =>
        ((spec.volumes ?? []) as { name: string; hostPath?: { path: string } }[])
          .filter(({ hostPath }) => hostPath)
          .map(({ name, hostPath }) => [`volumes[${name}].hostPath`, `is ${hostPath?.path}`]),
      ),
  },
  {
    name: "pod-no-runtime-socket",
    description: "Pods do not reach the container runtime's socket, and no folder above it: it gives the whole node.",
    instead: "ask the Kubernetes API, or mount the one folder that the agent reads",
    level: "mandatory",
    check: (resource) =>
      eachPod(resource, (spec) =>
        ((spec.volumes ?? []) as { name: string; hostPath?: { path: string } }[])
          .filter(
            ({ hostPath }) =>
              hostPath && (SOCKET.test(hostPath.path) || ["/", "/run", "/var/run"].includes(hostPath.path)),
          )
          .map(({ name, hostPath }) => [`volumes[${name}].hostPath`, `is ${hostPath?.path}, where the socket is`]),
      ),
  },
  {
    name: "probe-names-no-host",
    description: "Probes and hooks ask their own pod, never another host: the kubelet would be led there.",
    instead: "remove `host`; a probe asks the pod's own address",
    level: "mandatory",
    check: (resource) =>
      containersOf(resource).flatMap(({ path, spec }) => {
        const { startupProbe, readinessProbe, livenessProbe, lifecycle = {} } = spec;
        const asked = {
          startupProbe,
          readinessProbe,
          livenessProbe,
          postStart: lifecycle.postStart,
          preStop: lifecycle.preStop,
        };
        return Object.entries(asked).flatMap(([name, action]) => {
          const host = action?.httpGet?.host ?? action?.tcpSocket?.host;
          return host ? [{ where: `${path}.${name}`, problem: `asks ${host}` }] : [];
        });
      }),
  },
];
