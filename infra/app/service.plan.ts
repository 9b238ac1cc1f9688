import { nodeFlags } from "@media/service/runtime";
import type * as pulumi from "@pulumi/pulumi";
import type { Config } from "../config/schema.ts";
import type { Tier } from "../config/tiers.ts";
import type { WorkloadSpec } from "../lib/workload.spec.ts";
import type { ServiceImage } from "./image.ts";
import { DRAIN_SECONDS, usesOf } from "./uses.plan.ts";

export interface ServiceArgs {
  tier: Tier;
  app: Config["app"];
  image: ServiceImage;
  /** The application's login at the database; its name changes with its password. */
  databaseUser: pulumi.Input<string>;
  /** Contents of the secret files, by file name; each process gets only those that it uses. */
  secrets: Record<string, pulumi.Input<string>>;
  /** Whether the stack has a collector to send traces to. */
  traced: boolean;
}

/** One image, several processes. */
export type Process = "api" | "worker" | "doubles" | "prober";

const SECRETS = "/run/secrets/media";
/** A round has to be over before the next one begins. */
const PROBER_SECONDS = 45;
/** Measured: 124 MiB at its peak, of which 70 are the program's own file, and half a second of CPU. */
const PROBER_MI = 192;

/**
 * Their weight where a machine has more to do than it can, as while pods are replaced: with the same for everybody, answers
 * took seconds. Jobs can wait.
 */
const CPU_MILLI = { api: 75, worker: 25, doubles: 25 } as const;
/** What fails at its first work does so within it; and the rest of a node gets over one start before the next. */
const SETTLE_SECONDS = 5;

export const apiPlan = (args: ServiceArgs) => serverPlan("api", args);
export const workerPlan = (args: ServiceArgs) => serverPlan("worker", args);
/** Our stand-ins for the outside services. */
export const doublesPlan = (args: ServiceArgs) => serverPlan("doubles", args);

/** Asks the outside services once a minute how they are, and tells Pushgateway. */
export function proberPlan(args: ServiceArgs): WorkloadSpec {
  return {
    ...processPlan("prober", args, PROBER_MI),
    kind: "CronJob",
    schedule: { cron: "* * * * *", deadlineSeconds: PROBER_SECONDS },
    drain: { graceSeconds: 5 },
    resources: { cpuMilli: 10, memoryMi: PROBER_MI },
  };
}

/** A process that serves until it is told to stop. */
function serverPlan(process: "api" | "worker" | "doubles", args: ServiceArgs): WorkloadSpec {
  const { replicas, memoryMi } = args.tier[process];
  return {
    ...processPlan(process, args, memoryMi),
    replicas,
    metrics: { port: "admin" },
    probes: {
      startup: { path: "/livez", port: "admin" },
      readiness: { path: "/readyz", port: "admin", periodSeconds: 3 },
      liveness: { path: "/livez", port: "admin", periodSeconds: 10, timeoutSeconds: 5 },
    },
    // The process itself waits after its readiness has gone, before it closes.
    drain: { preStopSeconds: 0, graceSeconds: DRAIN_SECONDS + 25 },
    settleSeconds: SETTLE_SECONDS,
    resources: { cpuMilli: CPU_MILLI[process], memoryMi },
  };
}

/** What all processes of the service have in common. */
function processPlan(process: Process, args: ServiceArgs, memoryMi: number): Omit<WorkloadSpec, "resources"> {
  const { env, secretFiles, links } = usesOf(process, args);
  const files = Object.entries(secretFiles).filter(([, file]) => file in args.secrets);
  const data = Object.fromEntries(files.map(([, file]) => [file, args.secrets[file] as pulumi.Input<string>]));
  return {
    name: process,
    component: "app",
    image: args.image,
    command: ["node", ...nodeFlags(memoryMi), "service/src/main.ts", process],
    workingDir: "/app",
    env: { ...env, ...Object.fromEntries(files.map(([variable, file]) => [variable, `${SECRETS}/${file}`])) },
    connectsTo: links,
    ...(files.length > 0 ? { secrets: { media: { path: SECRETS, data } } } : {}),
  };
}
