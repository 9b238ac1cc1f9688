import type * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { Context } from "./context.ts";
import { type Access, offeredPort, type ServiceName, serviceEntry, serviceTypeOf } from "./endpoints.ts";

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
  access: Access & { host: string; hostname?: string | undefined },
): string {
  const entry = serviceEntry(name);
  const port = offeredPort(name, entry.ports[0] as string);
  const scheme = entry.exposed ?? "http";
  const known = entry.isPublic ? access.hostname : undefined;
  switch (serviceTypeOf(entry, access)) {
    case "NodePort":
      return `${scheme}://${known ?? access.host}:${live.nodePort ?? "<allotted>"}`;
    case "LoadBalancer":
      return `${scheme}://${known ?? live.loadBalancer?.hostname ?? live.loadBalancer?.ip ?? "<allotted>"}${suffix(port)}`;
    default:
      return `${scheme}://${name}.${namespace}.svc.cluster.local${suffix(port)}`;
  }
}

/** URLs leave out the port that is https' own. */
const suffix = (port: number) => (port === 443 ? "" : `:${port}`);

export function resourceUrl(name: ServiceName, service: k8s.core.v1.Service, ctx: Context): pulumi.Output<string> {
  return pulumi.all([service.spec, service.status]).apply(([spec, status]) => {
    const ingress = status?.loadBalancer?.ingress?.[0];
    return urlOf(
      name,
      ctx.namespace,
      { nodePort: spec.ports?.[0]?.nodePort, loadBalancer: ingress },
      { ...ctx.config.access, hostname: ctx.config.gateway.hostname },
    );
  });
}
