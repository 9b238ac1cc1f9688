import type * as pulumi from "@pulumi/pulumi";
import { PACED_ROUTES, type PacedRoute } from "../../config/gateway.ts";
import type { Config } from "../../config/schema.ts";
import type { Tier } from "../../config/tiers.ts";
import { address, portOf, type ServicePort } from "../../lib/endpoints.ts";
import { fill, readBeside } from "../../lib/files.ts";
import { resolveScript } from "../../lib/nginx/index.ts";
import type { OpsPage } from "../../lib/ops.ts";
import type { DeploymentSpec } from "../../lib/workload.types.ts";
import { autoscaled } from "../autoscale.plan.ts";
import { linksOf, opsLocations, opsUpstreams, RESPONDER_UPSTREAM } from "./ops.plan.ts";
import { problemLocations } from "./problems.ts";

type Bandwidth = Config["gateway"]["bandwidth"];

export interface GatewayArgs {
  sizes: Tier["gateway"];
  app: Config["app"];
  /** @default CPU alone counts */
  autoscaling?: Config["autoscaling"];
  /**
   * Pages of other programs behind the responder's sign-in, where there is a responder; it serves /incidents too.
   * @default there is none
   */
  ops?: readonly OpsPage[] | undefined;
  /** See the configuration's `gateway`. @default [] */
  proxyProtocolFrom?: readonly string[];
  /** See the configuration's `gateway`. @default {} */
  bandwidth?: Bandwidth;
  tls: GatewayTls;
}

/** PEM of the server's certificate followed by its authority's, and its key; or the Secret that has both. */
export type GatewayTls = { certificate: pulumi.Input<string>; key: pulumi.Input<string> } | { secretName: string };

/** The way in: TLS, limits, request and trace ids, and errors of its own as problem documents, which it counts. */
export function gatewayPlan({ tls, ...args }: GatewayArgs): DeploymentSpec {
  const { replicas, memoryMi } = args.sizes;
  const path = "/run/secrets/gateway";
  return {
    name: "gateway",
    component: "app",
    image: "nginx",
    command: ["sh", "/etc/nginx/start.sh"],
    replicas,
    ...autoscaled("gateway", args.sizes, args),
    connectsTo: [
      "api-pods:http",
      "web-pods:http",
      ...(args.ops ? (["responder:http", ...linksOf(args.ops)] as const) : []),
    ],
    metrics: { port: "status" },
    probes: {
      readiness: { path: "/health", port: "status" },
      liveness: { path: "/health", port: "status", periodSeconds: 10 },
    },
    drain: { preStopCommand: ["/bin/sh", "-c", QUIT], graceSeconds: SHUTDOWN_SECONDS + 15 },
    resources: { cpuMilli: 20, memoryMi },
    volumes: {
      cache: { type: "scratch", path: CACHE, sizeMi: CACHE_MI * 2 },
      ...("secretName" in tls ? { tls: { type: "secret", path, readOnly: true, secretName: tls.secretName } } : {}),
    },
    files: {
      config: {
        path: "/etc/nginx",
        data: {
          "metrics.js": readBeside(import.meta.url, "metrics.js"),
          "nginx.conf": nginxConfig(args.app, args),
          "renew.sh": readBeside(import.meta.url, "renew.sh"),
          ...resolveScript,
          "start.sh": readBeside(import.meta.url, "start.sh"),
        },
      },
    },
    secrets:
      "secretName" in tls
        ? {}
        : { tls: { path, reload: true, data: { "tls.crt": tls.certificate, "tls.key": tls.key } } },
  };
}

/** How long requests in flight may take after the gateway was told to quit. */
const SHUTDOWN_SECONDS = 20;

/**
 * SIGTERM makes nginx drop what is in flight, so it is told to quit before Kubernetes sends it: when the Services no longer
 * lead here. The command waits until nginx has ended.
 */
const QUIT = `sleep 5; kill -QUIT "$(cat /tmp/nginx.pid)"; while [ -e /tmp/nginx.pid ]; do sleep 0.2; done`;

/** nginx removes what exceeds its bound with a delay: the volume has room for what is stored meanwhile. */
const CACHE = "/var/cache/nginx";
const CACHE_MI = 64;

/** The routes whose answers are the same for every caller (`caching: "shared"` in the service's contract). */
const CATALOGUE = "/api/v1/(discover|search|titles/[a-z]+/[0-9]+/trailers)";

export function nginxConfig(
  app: Config["app"],
  { ops, proxyProtocolFrom = [], bandwidth = {} }: Pick<GatewayArgs, "bandwidth" | "ops" | "proxyProtocolFrom"> = {},
): string {
  return fill(readBeside(import.meta.url, "nginx.conf"), {
    api: podsOf("api-pods:http"),
    web: podsOf("web-pods:http"),
    https: portOf("gateway", "https"),
    inside: portOf("gateway", "inside"),
    proxyProtocol: proxyProtocolFrom.length > 0 ? " proxy_protocol" : "",
    realAddress: proxyProtocolFrom.map((network) => `set_real_ip_from ${network};`).join(" "),
    realAddressFrom: proxyProtocolFrom.length > 0 ? "real_ip_header proxy_protocol;" : "",
    status: portOf("gateway", "status"),
    shutdown: SHUTDOWN_SECONDS,
    sampling: sampling(app.traceSampleRatio),
    // On a users' stack any caller could have all traces kept, which costs CPU in each process and space in Jaeger.
    callersSampling: app.devToken ? "$callers_flags" : "$sampled",
    rateLimit: app.rateLimitPerSecond,
    burst: app.rateLimitPerSecond * 2,
    problems: problemLocations(),
    operations: ops ? fill(opsLocations(ops), { burst: app.rateLimitPerSecond * 2 }) : "",
    operationsUpstreams: ops ? [RESPONDER_UPSTREAM, opsUpstreams(ops, podsOf)].join("\n  ") : "",
    cache: CACHE,
    cacheMi: CACHE_MI,
    catalogue: `^${CATALOGUE}$`,
    catalogueEntry: CATALOGUE,
    ...Object.fromEntries(PACED_ROUTES.map((route) => [`${route}Bandwidth`, held(bandwidth[route])])),
  });
}

/** nginx reads what the pod has to say at once, and keeps it for a client that is sent it slowly: no pod waits for that. */
function held(pace: Bandwidth[PacedRoute]): string {
  if (!pace) return "";
  const after = pace.afterKib > 0 ? ` limit_rate_after ${pace.afterKib}k;` : "";
  return `limit_rate ${pace.kibPerSecond}k;${after}`;
}

/** The full name of a Service, which nginx's resolver needs; resolve.sh puts the stack's own domain in. */
function podsOf(target: ServicePort): string {
  return address(target).replace(":", ".@domain@:");
}

/** Shares of new traces that are kept and dropped; nginx refuses a share of 0 and knows two decimals. */
function sampling(ratio: number): string {
  const percent = (ratio * 100).toFixed(2);
  if (Number(percent) === 0) return "* 00;";
  return Number(percent) === 100 ? "* 01;" : `${percent}% 01; * 00;`;
}
