import type * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { Context } from "./context.ts";
import { type AccessType, portOf, type ServiceName, serviceEntry, serviceTypeOf } from "./endpoints.ts";

/** What is read of a Service once it exists; during a preview much of it is not there yet. */
export interface LiveService {
  nodePort?: number | undefined;
  loadBalancer?: { hostname?: string; ip?: string } | undefined;
}

/** The address of an exposed service, by the way people reach the cluster. */
export function urlOf(
  name: ServiceName,
  namespace: string,
  live: LiveService,
  access: { type: AccessType; host: string },
): string {
  const entry = serviceEntry(name);
  const port = portOf(entry.workload, entry.ports[0] as never);
  const scheme = entry.exposed ?? "http";
  switch (serviceTypeOf(entry, access.type)) {
    case "NodePort":
      return `${scheme}://${access.host}:${live.nodePort ?? "<allotted>"}`;
    case "LoadBalancer":
      return `${scheme}://${live.loadBalancer?.hostname ?? live.loadBalancer?.ip ?? "<allotted>"}:${port}`;
    default:
      return `${scheme}://${name}.${namespace}.svc.cluster.local:${port}`;
  }
}

export function resourceUrl(name: ServiceName, service: k8s.core.v1.Service, ctx: Context): pulumi.Output<string> {
  return pulumi.all([service.spec, service.status]).apply(([spec, status]) => {
    const ingress = status?.loadBalancer?.ingress?.[0];
    return urlOf(
      name,
      ctx.namespace,
      { nodePort: spec.ports?.[0]?.nodePort, loadBalancer: ingress },
      ctx.config.access,
    );
  });
}
