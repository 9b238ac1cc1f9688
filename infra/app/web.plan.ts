import { nodeFlags } from "@media/service/runtime";
import type { Config } from "../config/schema.ts";
import type { Tier } from "../config/tiers.ts";
import { address, portOf } from "../lib/endpoints.ts";
import type { DeploymentSpec } from "../lib/workload.types.ts";
import { autoscaled } from "./autoscale.plan.ts";
import type { BuiltImage } from "./image.ts";
import { DRAIN_SECONDS } from "./uses.plan.ts";

export interface WebArgs {
  sizes: Tier["web"];
  app: Pick<Config["app"], "autoscale" | "realUserSampleRatio">;
  /** @default CPU alone counts */
  autoscaling?: Config["autoscaling"];
  image: BuiltImage;
}

/** Longer than the gateway keeps an idle connection: the end that sends requests has to be the one that closes it. */
const KEEP_ALIVE_MS = 65_000;

/** The front end: pages rendered by Next.js, and the session's cookie. It asks the api and keeps no state. */
export function webPlan({ image, ...args }: WebArgs): DeploymentSpec {
  const { sizes, app } = args;
  const { replicas, memoryMi } = sizes;
  return {
    name: "web",
    component: "app",
    image,
    command: ["node", ...nodeFlags(memoryMi), "serve.ts"],
    workingDir: "/app",
    env: {
      API_URL: `http://${address("api:http")}`,
      HOSTNAME: "0.0.0.0",
      KEEP_ALIVE_TIMEOUT: String(KEEP_ALIVE_MS),
      NEXT_TELEMETRY_DISABLED: "1",
      NODE_ENV: "production",
      PORT: String(portOf("web", "http")),
      REAL_USER_SAMPLE_RATIO: String(app.realUserSampleRatio),
    },
    replicas,
    ...autoscaled("web", sizes, args),
    connectsTo: ["api:http"],
    // Next.js closes its listener at once: the gateway has to know before (see DRAIN_SECONDS).
    drain: { preStopSeconds: DRAIN_SECONDS, graceSeconds: DRAIN_SECONDS + 25 },
    probes: {
      startup: { path: "/health", port: "http" },
      readiness: { path: "/health", port: "http", periodSeconds: 3 },
      liveness: { path: "/health", port: "http", periodSeconds: 10, timeoutSeconds: 5 },
    },
    resources: { memoryMi },
  };
}
