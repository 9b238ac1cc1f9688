import type * as pulumi from "@pulumi/pulumi";
import type { Config } from "../../config/schema.ts";
import type { Tier } from "../../config/tiers.ts";
import { address, portOf } from "../../lib/endpoints.ts";
import { fill, readBeside } from "../../lib/files.ts";
import type { ContainerSpec, WorkloadSpec } from "../../lib/workload.spec.ts";

export interface GatewayArgs {
  tier: Tier;
  app: Config["app"];
  /** PEM of the server's certificate followed by its authority's. */
  certificate: pulumi.Input<string>;
  key: pulumi.Input<string>;
}

/** The way in: TLS, limits, request and trace ids, and errors of its own as problem documents. */
export function gatewayPlan({ tier, app, certificate, key }: GatewayArgs): WorkloadSpec {
  const { replicas, memoryMi } = tier.gateway;
  return {
    name: "gateway",
    component: "app",
    image: "nginx",
    command: ["nginx", "-c", "/etc/nginx/nginx.conf", "-g", "daemon off;"],
    replicas,
    connectsTo: ["api:http"],
    metrics: { port: "metrics" },
    probes: {
      readiness: { path: "/health", port: "status" },
      liveness: { path: "/health", port: "status", periodSeconds: 10 },
    },
    resources: { memoryMi },
    volumes: { cache: { type: "scratch", path: CACHE, sizeMi: CACHE_MI * 2 } },
    files: { config: { path: "/etc/nginx", data: { "nginx.conf": nginxConfig(app) } } },
    secrets: { tls: { path: "/run/secrets/gateway", data: { "tls.crt": certificate, "tls.key": key } } },
    sidecars: { exporter },
  };
}

/** nginx keeps to its own bound only by and by: the volume has room for what comes meanwhile. */
const CACHE = "/var/cache/nginx";
const CACHE_MI = 64;

/** The routes whose answers are the same for everybody (`caching: "everybody"` in the service's contract). */
const CATALOGUE = "/api/v1/(discover|search|titles/[a-z]+/[0-9]+/trailers)";

const exporter: ContainerSpec = {
  image: "nginx-exporter",
  command: ["/usr/bin/prometheus-nginx-exporter", `--web.listen-address=:${portOf("gateway", "metrics")}`],
  args: [`--nginx.scrape-uri=http://127.0.0.1:${portOf("gateway", "status")}/stub_status`],
  ports: ["metrics"],
  resources: { memoryMi: 48 },
};

export function nginxConfig(app: Config["app"]): string {
  return fill(readBeside(import.meta.url, "nginx.conf"), {
    api: address("api:http"),
    https: portOf("gateway", "https"),
    status: portOf("gateway", "status"),
    sampling: sampling(app.traceSampleRatio),
    rateLimit: app.rateLimitPerSecond,
    burst: app.rateLimitPerSecond * 2,
    problems: problems(),
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

/** Title and advice of each error that nginx gives by itself. */
const PROBLEMS: Record<number, [title: string, detail: string]> = {
  400: ["Bad Request", "The request is not valid HTTP."],
  404: ["Not Found", "Nothing is served under this path."],
  413: ["Content Too Large", "A request may have 1 MiB at most."],
  429: ["Too Many Requests", "Too many requests came from this address: wait a second."],
  502: ["Bad Gateway", "The service gave no valid answer: try again in a moment."],
  503: ["Service Unavailable", "The service is not available: try again in a moment."],
  504: ["Gateway Timeout", "The service did not answer in time: the request may or may not have been done."],
};

/** Locations that answer each error; the service's own errors pass through untouched. */
function problems(): string {
  return Object.entries(PROBLEMS)
    .map(([status, [title, detail]]) => {
      const body = `{"type":"about:blank","title":"${title}","status":${status},"detail":"${detail}","requestId":"$request_id"}`;
      return `    error_page ${status} @problem-${status};
    location @problem-${status} {
      default_type application/problem+json;
      add_header X-Request-Id $request_id always;
      ${Number(status) === 429 ? "add_header Retry-After 1 always;\n      " : ""}return ${status} '${body}';
    }`;
    })
    .join("\n");
}
