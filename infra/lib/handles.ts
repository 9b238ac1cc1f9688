import type * as pulumi from "@pulumi/pulumi";
import { portOf, type ServiceName, type ServicePort, serviceEntry } from "./endpoints.ts";

/** Where a workload answers: what a layer hands to the next one, so that no name is written twice. */
export interface Endpoint {
  /** What the caller lists in `connectsTo`. */
  link: ServicePort;
  /** Name inside the stack's namespace. */
  host: string;
  port: number;
  /** For `dependsOn` of callers that need it when they start. */
  dependsOn: readonly pulumi.Resource[];
}

/** The endpoint of one of the workload's Services. Throws when the Service belongs to another workload. */
export function endpointOf(workload: string, link: ServicePort, dependsOn: readonly pulumi.Resource[] = []): Endpoint {
  const [host, port] = link.split(":") as [ServiceName, string];
  const entry = serviceEntry(host);
  if (entry.workload !== workload)
    throw new Error(`${workload} has no service ${link}: it belongs to ${entry.workload}`);
  return { link, host, port: portOf(entry.workload, port as never), dependsOn };
}

/** "host:port". */
export function hostPort({ host, port }: Pick<Endpoint, "host" | "port">): string {
  return `${host}:${port}`;
}
