import type * as pulumi from "@pulumi/pulumi";
import type { Config } from "../../config/schema.ts";
import type { Tier } from "../../config/tiers.ts";
import { address, portOf } from "../../lib/endpoints.ts";
import { fill, readBeside } from "../../lib/files.ts";
import type { WorkloadSpec } from "../../lib/workload.spec.ts";
import { problemLocations } from "./problems.ts";

export interface GatewayArgs {
  tier: Tier;
  app: Config["app"];
  /** PEM of the server's certificate followed by its authority's. */
  certificate: pulumi.Input<string>;
  key: pulumi.Input<string>;
}

/** The way in: TLS, limits, request and trace ids, and errors of its own as problem documents, which it counts. */
export function gatewayPlan({ tier, app, certificate, key }: GatewayArgs): WorkloadSpec {
  const { replicas, memoryMi } = tier.gateway;
  return {
    name: "gateway",
    component: "app",
    image: "nginx",
    command: ["nginx", "-c", "/etc/nginx/nginx.conf", "-g", "daemon off;"],
    replicas,
    connectsTo: ["api:http"],
    metrics: { port: "status" },
    probes: {
      readiness: { path: "/health", port: "status" },
      liveness: { path: "/health", port: "status", periodSeconds: 10 },
    },
    resources: { cpuMilli: 20, memoryMi },
    volumes: { cache: { type: "scratch", path: CACHE, sizeMi: CACHE_MI * 2 } },
    files: {
      config: {
        path: "/etc/nginx",
        data: { "metrics.js": readBeside(import.meta.url, "metrics.js"), "nginx.conf": nginxConfig(app) },
      },
    },
    secrets: { tls: { path: "/run/secrets/gateway", data: { "tls.crt": certificate, "tls.key": key } } },
  };
}

/** nginx keeps to its own bound only by and by: the volume has room for what comes meanwhile. */
const CACHE = "/var/cache/nginx";
const CACHE_MI = 64;

/** The routes whose answers are the same for every caller (`caching: "shared"` in the service's contract). */
const CATALOGUE = "/api/v1/(discover|search|titles/[a-z]+/[0-9]+/trailers)";

export function nginxConfig(app: Config["app"]): string {
  return fill(readBeside(import.meta.url, "nginx.conf"), {
    api: address("api:http"),
    https: portOf("gateway", "https"),
    status: portOf("gateway", "status"),
    sampling: sampling(app.traceSampleRatio),
    // On a users' stack anybody could have all traces kept, which costs each process and the store of traces.
    callersSampling: app.devToken ? "$callers_flags" : "$sampled",
    rateLimit: app.rateLimitPerSecond,
    burst: app.rateLimitPerSecond * 2,
    problems: problemLocations(),
    cache: CACHE,
    cacheMi: CACHE_MI,
    catalogue: `^${CATALOGUE}$`,
    catalogueEntry: CATALOGUE,
  });
}

/** Shares of new traces that are kept and dropped; nginx refuses a share of 0 and knows two decimals. */
function sampling(ratio: number): string {
  const percent = (ratio * 100).toFixed(2);
  if (Number(percent) === 0) return "* 00;";
  return Number(percent) === 100 ? "* 01;" : `${percent}% 01; * 00;`;
}
