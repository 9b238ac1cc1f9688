import { isMap, listAt, mapAt, type Props, stringAt } from "../lib/values.ts";
import { all, type Moment, READY, type Verdict, wait } from "./verdict.ts";

/** A Service settles when its endpoints have not changed for this long. */
const SETTLE_MS = 10_000;
/** The label by which a slice names its Service. */
export const SERVICE_NAME = "kubernetes.io/service-name";

function needsEndpoints(service: Props): boolean {
  const selector = mapAt(service, "spec", "selector");
  const headless = stringAt(service, "spec", "clusterIP") === "None";
  return Object.keys(selector).length > 0 && !headless && stringAt(service, "spec", "type") !== "ExternalName";
}

function hasIngress(object: Props): boolean {
  return listAt(object, "status", "loadBalancer", "ingress").length > 0;
}

function endpointCounts(slices: Props[]): { ready: number; notReady: number } {
  const endpoints = slices.flatMap((slice) => listAt(slice, "endpoints")).filter(isMap);
  const notReady = endpoints.filter((endpoint) => mapAt(endpoint, "conditions").ready === false).length;
  return { ready: endpoints.length - notReady, notReady };
}

export function service({ object, related, settledMs }: Moment): Verdict {
  const balanced = stringAt(object, "spec", "type") !== "LoadBalancer" || hasIngress(object);
  if (!balanced) return wait("Waiting for the load balancer's address");
  if (!needsEndpoints(object)) return READY;
  const { ready, notReady } = endpointCounts(related.EndpointSlice ?? []);
  // A Service may well come before its pods: none at all is fine once that has not changed for a while.
  return all([
    [notReady === 0, `${notReady} of ${ready + notReady} endpoints are not ready`],
    [ready > 0 || settledMs >= SETTLE_MS, "Waiting to see whether pods come up behind the Service"],
  ]);
}

/** An Ingress may come before its backends for this long; after that the missing ones are no longer waited for. */
const BACKEND_GRACE_MS = 60_000;

/** The names of the Services that an Ingress sends requests to. */
export function backendsOf(object: Props): string[] {
  const paths = listAt(object, "spec", "rules").flatMap((rule) => listAt(rule, "http", "paths"));
  const backends = [mapAt(object, "spec", "defaultBackend"), ...paths.map((path) => mapAt(path, "backend"))];
  return [...new Set(backends.flatMap((backend) => stringAt(backend, "service", "name") ?? []))];
}

export function ingress({ object, related, settledMs }: Moment): Verdict {
  const seen = (related.EndpointSlice ?? []).map((slice) => stringAt(slice, "metadata", "labels", SERVICE_NAME));
  const missing = settledMs < BACKEND_GRACE_MS ? backendsOf(object).filter((name) => !seen.includes(name)) : [];
  return all([
    [hasIngress(object), "Waiting for the ingress controller to give an address"],
    ...missing.map((name): [boolean, string] => [false, `Service ${name}, a backend, has no endpoints yet`]),
  ]);
}

/** Zero endpoints that keep changing are as good as none. */
export const noneUnready = ({ object, related }: Moment): boolean =>
  service({ object, related, settledMs: Number.POSITIVE_INFINITY }).ready;
