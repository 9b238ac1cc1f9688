import { type Link, type ServiceName, serviceEntry, servicesOf, type WorkloadName } from "./endpoints.ts";
import type { Member } from "./links.plan.ts";

const externalNames: Partial<Record<Link, string>> = {
  "all-metrics": "every metrics port",
  "every-prometheus": "every stack's Prometheus",
  "external-backup-store": "backup store (S3)",
  "identity-provider": "identity provider",
  "other-prometheus": "Prometheus of another stack",
  upstreams: "upstreams",
  "kubernetes-api": "Kubernetes API",
  node: "kubelet",
};

/** The picture of a stack, drawn from the links its workloads declared, in Mermaid's notation. */
export function mermaid(members: readonly Member[]): string {
  const nodes = members.map((member) => `  ${member.name}["${member.name}"]`);
  const people = members
    .filter((member) => servicesOf(member.name as WorkloadName).some((name) => serviceEntry(name).exposed))
    .map((member) => `  people(("people")) --> ${member.name}`);
  const arrows = members.flatMap((member) => member.connectsTo.map((link) => arrow(member.name, link)));
  return ["flowchart LR", ...[...nodes, ...people, ...new Set(arrows)].sort(), ""].join("\n");
}

function arrow(from: string, link: Link): string {
  const [service, port] = link.split(":");
  if (!port) return `  ${from} --> ${link}[("${externalNames[link] ?? link}")]`;
  return `  ${from} -- "${port}" --> ${serviceEntry(service as ServiceName).workload}`;
}
