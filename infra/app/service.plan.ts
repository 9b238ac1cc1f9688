import { nodeFlags } from "@media/service/runtime";
import type * as pulumi from "@pulumi/pulumi";
import type { Config } from "../config/schema.ts";
import type { Tier } from "../config/tiers.ts";
import type { DataHandles } from "../data/handles.ts";
import type { CronJobSpec, DeploymentSpec } from "../lib/workload.types.ts";
import type { ObservabilityLayer } from "../observability/index.ts";
import { autoscaled } from "./autoscale.plan.ts";
import type { BuiltImage } from "./image.ts";
import { DRAIN_SECONDS, usesOf } from "./uses.plan.ts";

export interface ServiceArgs {
  sizes: Pick<Tier, "api" | "doubles" | "prometheus" | "responder" | "worker">;
  app: Config["app"];
  /** @default CPU alone counts */
  autoscaling?: Config["autoscaling"];
  image: BuiltImage;
  /** Contents of the secret files, by file name; each process gets only those that it uses. */
  secrets: Record<string, pulumi.Input<string>>;
  data: DataHandles;
  /** What the responder is told of alerts. @default nothing, where it does not run */
  alerts?: Pick<Config["alerts"], "automation" | "escalation" | "pagerduty"> | undefined;
  /** By what people sign in to the operators' pages. @default administrators' accounts */
  auth?: Config["auth"] | undefined;
  /** Names of other programs' pages behind that sign-in. @default none */
  opsPages?: readonly string[] | undefined;
  /** Where traces and pushed metrics go. @default nowhere, in a stack without the observability layer */
  observability?: Pick<ObservabilityLayer, "collector" | "pushgateway"> | undefined;
}

/** One image, several processes. */
export type Process = "api" | "worker" | "doubles" | "prober" | "responder";

const SECRETS = "/run/secrets/media";
/** A round has to be over before the next one begins. */
const PROBER_SECONDS = 45;
/** Measured: 124 MiB at its peak, of which 70 are the program's own file, and half a second of CPU. */
const PROBER_MI = 192;

/**
 * Their share of CPU where a machine is overloaded, as while pods are replaced: with equal shares, answers
 * took seconds. Jobs can wait.
 */
const CPU_MILLI = { api: 75, worker: 20, doubles: 25 } as const;
/** What fails at its first work does so within it; and the rest of a node gets over one start before the next. */
const SETTLE_SECONDS = 5;

export const apiPlan = (args: ServiceArgs) => serverPlan("api", args);
export const workerPlan = (args: ServiceArgs) => serverPlan("worker", args);
/** Our stand-ins for the upstreams. */
export const doublesPlan = (args: ServiceArgs) => serverPlan("doubles", args);

/** Asks the upstreams once a minute how they are, and tells Pushgateway. */
export function proberPlan(args: ServiceArgs): CronJobSpec {
  return {
    ...processPlan("prober", args, PROBER_MI),
    kind: "CronJob",
    schedule: { cron: "* * * * *", deadlineSeconds: PROBER_SECONDS },
    drain: { graceSeconds: 5 },
    resources: { cpuMilli: 5, memoryMi: PROBER_MI },
  };
}

export const PROBES = {
  startup: { path: "/livez", port: "admin" },
  readiness: { path: "/readyz", port: "admin", periodSeconds: 3 },
  liveness: { path: "/livez", port: "admin", periodSeconds: 10, timeoutSeconds: 5 },
} as const;

/** A process that serves until it is told to stop. */
function serverPlan(process: "api" | "worker" | "doubles", args: ServiceArgs): DeploymentSpec {
  const { replicas, memoryMi } = args.sizes[process];
  return {
    ...processPlan(process, args, memoryMi),
    replicas,
    ...(process === "doubles" ? {} : autoscaled(process, args.sizes[process], args)),
    metrics: { port: "admin" },
    probes: PROBES,
    // The process itself waits after its readiness has gone, before it closes.
    drain: { preStopSeconds: 0, graceSeconds: DRAIN_SECONDS + 25 },
    rollout: { settleSeconds: SETTLE_SECONDS },
    resources: { cpuMilli: CPU_MILLI[process], memoryMi },
  };
}

/** What all processes of the service have in common. */
export function processPlan(process: Process, args: ServiceArgs, memoryMi: number) {
  const { env, secretFiles, links } = usesOf(process, args);
  const files = Object.entries(secretFiles).filter(([, file]) => file in args.secrets);
  const data = Object.fromEntries(files.map(([, file]) => [file, args.secrets[file] as pulumi.Input<string>]));
  return {
    name: process,
    component: "app" as const,
    image: args.image,
    command: ["node", ...nodeFlags(memoryMi), "service/src/main.ts", process],
    workingDir: "/app",
    env: { ...env, ...Object.fromEntries(files.map(([variable, file]) => [variable, `${SECRETS}/${file}`])) },
    connectsTo: links,
    ...(files.length > 0 ? { secrets: { media: { path: SECRETS, data } } } : {}),
  };
}
