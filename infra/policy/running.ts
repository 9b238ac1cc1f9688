import { containersOf, eachContainer, endsByItself, podOf } from "./read.ts";
import type { ObjectPolicy } from "./types.ts";

type Probe = { httpGet?: { path?: string; port?: unknown } } | undefined;
const asked = (probe: Probe) => (probe?.httpGet ? `${probe.httpGet.port}${probe.httpGet.path ?? "/"}` : undefined);

interface Liveness {
  initialDelaySeconds?: number;
  periodSeconds?: number;
  failureThreshold?: number;
}
/** Seconds that a process has to start before it is taken for stuck, where it has no startupProbe. */
const START_SECONDS = 30;
/** Kubernetes' own defaults fill what is not written. */
const patience = ({ initialDelaySeconds = 0, periodSeconds = 10, failureThreshold = 3 }: Liveness) =>
  initialDelaySeconds + periodSeconds * failureThreshold;

/** What a pod asks of its node, and how it starts and stops. */
export const runningPolicies: readonly ObjectPolicy[] = [
  {
    name: "container-requests",
    description: "Containers ask for the CPU and the memory that they need, so that the scheduler can place them.",
    instead: "set `resources.requests.cpu` and `resources.requests.memory`",
    level: "mandatory",
    check: (resource) =>
      eachContainer(resource, ({ spec }) => {
        const missing = ["cpu", "memory"].filter((unit) => !spec.resources?.requests?.[unit]);
        return missing.length > 0 && ["resources.requests", `has no ${missing.join(" and no ")}`];
      }),
  },
  {
    name: "container-memory-limit",
    description: "One container cannot take the node's memory from the others.",
    instead: "set `resources.limits.memory`",
    level: "mandatory",
    check: (resource) =>
      eachContainer(
        resource,
        ({ spec }) => !spec.resources?.limits?.memory && ["resources.limits.memory", "is not set"],
      ),
  },
  {
    name: "container-no-cpu-limit",
    description: "CPU is shared by requests: a limit throttles a container while the node idles.",
    instead: "remove `resources.limits.cpu`; raise `resources.requests.cpu` where a share must be certain",
    level: "advisory",
    because: "a cluster's owner may demand limits by a LimitRange",
    check: (resource) =>
      eachContainer(resource, ({ spec }) => spec.resources?.limits?.cpu && ["resources.limits.cpu", "is set"]),
  },
  {
    name: "scratch-has-limit",
    description: "A scratch volume has a size, so that it cannot fill its node.",
    instead: "set `emptyDir.sizeLimit`",
    level: "mandatory",
    check: (resource) => {
      const pod = podOf(resource);
      return ((pod?.spec.volumes ?? []) as { name: string; emptyDir?: { sizeLimit?: string } }[])
        .filter(({ emptyDir }) => emptyDir && !emptyDir.sizeLimit)
        .map(({ name }) => ({ where: `${pod?.path}.volumes[${name}].emptyDir.sizeLimit`, problem: "is not set" }));
    },
  },
  {
    name: "main-container-probes",
    description: "The main container of a workload that runs on says when it is ready and when it is stuck.",
    instead: "set `readinessProbe` and `livenessProbe` (`probes` of the workload's spec)",
    level: "mandatory",
    check: (resource) => {
      const [main] = containersOf(resource).filter(({ init }) => !init);
      if (!main || endsByItself(resource)) return [];
      return ["readinessProbe", "livenessProbe"]
        .filter((probe) => !main.spec[probe])
        .map((probe) => ({ where: `${main.path}.${probe}`, problem: "is not set" }));
    },
  },
  {
    name: "liveness-is-not-readiness",
    description:
      "Being stuck is asked at another path than being ready: a dependency that is away must not restart the pod.",
    instead: "ask a path that looks at no dependency in `livenessProbe`",
    level: "mandatory",
    check: (resource) =>
      eachContainer(resource, ({ spec }) => {
        const path = asked(spec.livenessProbe);
        return (
          path !== undefined &&
          path === asked(spec.readinessProbe) && ["livenessProbe", `asks ${path}, as readinessProbe does`]
        );
      }),
  },
  {
    name: "start-has-time",
    description: "A process that starts slowly is not restarted as if it were stuck.",
    instead: `set \`startupProbe\`, or let \`livenessProbe\` fail for ${START_SECONDS} s`,
    level: "mandatory",
    check: (resource) =>
      eachContainer(resource, ({ spec: { livenessProbe, startupProbe } }) => {
        if (!livenessProbe || startupProbe) return undefined;
        const seconds = patience(livenessProbe);
        return seconds < START_SECONDS && ["livenessProbe", `restarts it after ${seconds} s, without a startupProbe`];
      }),
  },
  {
    name: "stop-leaves-time",
    description: "A pod has time to finish after its `preStop` wait.",
    instead: "raise `terminationGracePeriodSeconds` (`drain.graceSeconds`) above the `preStop` wait by 5 s or more",
    level: "mandatory",
    check: (resource) => {
      const pod = podOf(resource);
      const grace = (pod?.spec.terminationGracePeriodSeconds as number | undefined) ?? 30;
      return eachContainer(resource, ({ spec }) => {
        const wait = spec.lifecycle?.preStop?.sleep?.seconds ?? 0;
        return wait > 0 && grace < wait + 5 && ["lifecycle.preStop", `waits ${wait} s of ${grace} s`];
      });
    },
  },
  {
    name: "job-ends",
    description:
      "A Job has a limit of tries, a CronJob a deadline for each run, no second run beside the first, and a short history.",
    instead:
      "set `backoffLimit`; for a CronJob `concurrencyPolicy: Forbid`, `startingDeadlineSeconds`, both history limits and `activeDeadlineSeconds`",
    level: "mandatory",
    check: ({ object }) => {
      const { kind, spec } = object;
      if (kind === "Job")
        return spec.backoffLimit === undefined ? [{ where: "spec.backoffLimit", problem: "is not set" }] : [];
      if (kind !== "CronJob") return [];
      const fields: [string, unknown][] = [
        ["startingDeadlineSeconds", spec.startingDeadlineSeconds],
        ["successfulJobsHistoryLimit", spec.successfulJobsHistoryLimit],
        ["failedJobsHistoryLimit", spec.failedJobsHistoryLimit],
        ["jobTemplate.spec.activeDeadlineSeconds", spec.jobTemplate?.spec?.activeDeadlineSeconds],
      ];
      const missing = fields
        .filter(([, value]) => value === undefined)
        .map(([field]) => ({ where: `spec.${field}`, problem: "is not set" }));
      const beside =
        spec.concurrencyPolicy === "Forbid"
          ? []
          : [
              {
                where: "spec.concurrencyPolicy",
                problem: `is ${spec.concurrencyPolicy ?? "not set, which means Allow"}`,
              },
            ];
      return [...beside, ...missing];
    },
  },
];
