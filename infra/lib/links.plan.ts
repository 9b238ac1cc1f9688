import {
  type Link,
  type Outside,
  portOf,
  type ServiceName,
  type ServicePort,
  serviceEntry,
  servicesOf,
  type WorkloadName,
} from "./endpoints.ts";
import { LABEL, PART_OF, selectorLabels } from "./naming.ts";
import type { WorkloadSpec } from "./workload.spec.ts";

/** A workload as the links see it. */
export interface Member {
  name: string;
  namespace: string;
  connectsTo: readonly Link[];
  /** Port that Prometheus scrapes. */
  metricsPort?: number;
}

export interface LinksContext {
  stack: string;
  /** Host and port of the backup store, as the stack's configuration names it. */
  backupStore?: { host: string; port: number };
}

interface Peer {
  namespaceSelector?: object;
  podSelector?: object;
  ipBlock?: { cidr: string; except?: string[] };
}
interface Rule {
  from?: Peer[];
  to?: Peer[];
  ports: { protocol: "TCP" | "UDP"; port: number }[];
}

const ANYWHERE = "0.0.0.0/0";
/** Addresses that are never the internet. */
const PRIVATE = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "198.18.0.0/15"];
const KUBERNETES_API_PORTS = [443, 6443];
const KUBELET_PORT = 10250;

export function memberOf(spec: WorkloadSpec, namespace: string): Member {
  const metricsPort = spec.metrics && portOf(spec.name as WorkloadName, spec.metrics.port as never);
  return { name: spec.name, namespace, connectsTo: spec.connectsTo ?? [], ...(metricsPort ? { metricsPort } : {}) };
}

/** Every problem of the declared links: targets that no layer of the stack runs. */
export function brokenLinks(members: readonly Member[]): string[] {
  const present = new Set(members.map((member) => member.name));
  return members.flatMap((member) =>
    member.connectsTo
      .filter(isService)
      .filter((link) => !present.has(targetOf(link).workload))
      .map((link) => `${member.name} connects to ${link}, which no layer of this stack runs`),
  );
}

/** Deny everything in a namespace; the policies of the workloads then allow what is declared. */
export function defaultDeny(stack: string, namespace: string) {
  return policy("default-deny", stack, namespace, {}, { policyTypes: ["Egress", "Ingress"] });
}

/** What one workload may do and who may reach it. */
export function policyOf(member: Member, members: readonly Member[], ctx: LinksContext) {
  const egress = [dnsRule(), ...[...member.connectsTo].sort().map((link) => egressRule(link, members, ctx))];
  const ingress = ingressRules(member, members, ctx);
  const spec = { policyTypes: ["Egress", "Ingress"], egress, ingress };
  return policy(
    member.name,
    ctx.stack,
    member.namespace,
    { matchLabels: selectorLabels(ctx.stack, member.name) },
    spec,
  );
}

function policy(name: string, stack: string, namespace: string, podSelector: object, spec: object) {
  const labels = { [LABEL.instance]: stack, [LABEL.name]: name, [LABEL.partOf]: PART_OF };
  const apiVersion = "networking.k8s.io/v1";
  return { apiVersion, kind: "NetworkPolicy", metadata: { name, namespace, labels }, spec: { podSelector, ...spec } };
}

function isService(link: Link): link is ServicePort {
  return link.includes(":");
}

function targetOf(link: ServicePort): { workload: WorkloadName; port: number } {
  const [service, port] = link.split(":") as [ServiceName, string];
  const { workload } = serviceEntry(service);
  return { workload, port: portOf(workload, port as never) };
}

function egressRule(link: Link, members: readonly Member[], ctx: LinksContext): Rule {
  if (!isService(link)) return outsideRule(link, members, ctx);
  const { workload, port } = targetOf(link);
  const target = members.find((member) => member.name === workload);
  return { to: [podsOf(workload, target?.namespace ?? "", ctx.stack)], ports: tcp(port) };
}

function podsOf(workload: string, namespace: string, stack: string): Peer {
  return {
    namespaceSelector: { matchLabels: { [LABEL.namespace]: namespace } },
    podSelector: { matchLabels: selectorLabels(stack, workload) },
  };
}

function outsideRule(target: Outside, members: readonly Member[], ctx: LinksContext): Rule {
  switch (target) {
    case "dns":
      return dnsRule();
    case "kubernetes-api":
      // The API server is no pod: no selector can name it, and its address differs from cluster to cluster.
      return { to: [{ ipBlock: { cidr: ANYWHERE } }], ports: tcp(...KUBERNETES_API_PORTS) };
    case "node":
      return { to: [{ ipBlock: { cidr: ANYWHERE } }], ports: tcp(KUBELET_PORT) };
    case "internet":
      return { to: [{ ipBlock: { cidr: ANYWHERE, except: PRIVATE } }], ports: tcp(443) };
    case "external-backup-store":
      return backupStoreRule(ctx);
    case "all-metrics":
      return { to: [ourNamespaces()], ports: tcp(...metricsPorts(members)) };
  }
}

/** The store is in a namespace of the cluster ("name.namespace" or "name.namespace.svc…"), or somewhere outside. */
function backupStoreRule({ backupStore }: LinksContext): Rule {
  if (!backupStore) throw new Error("a workload connects to the backup store, but the stack has no backups");
  const [, namespace, zone] = backupStore.host.split(".");
  const isInside = namespace !== undefined && (zone === undefined || zone === "svc");
  const inside = { namespaceSelector: { matchLabels: { [LABEL.namespace]: namespace } } };
  return { to: [isInside ? inside : { ipBlock: { cidr: ANYWHERE } }], ports: tcp(backupStore.port) };
}

function metricsPorts(members: readonly Member[]): number[] {
  const shared = ["node-exporter", "kube-state-metrics", "backup-store"] as const;
  const theirs = shared.map((name) => portOf(name, "metrics"));
  return [...theirs, ...members.flatMap((member) => member.metricsPort ?? [])];
}

function ourNamespaces(): Peer {
  return { namespaceSelector: { matchLabels: { [LABEL.partOf]: PART_OF } } };
}

function dnsRule(): Rule {
  const namespaceSelector = { matchLabels: { [LABEL.namespace]: "kube-system" } };
  const ports = (["TCP", "UDP"] as const).map((protocol) => ({ protocol, port: 53 }));
  return { to: [{ namespaceSelector }], ports };
}

function tcp(...ports: number[]): Rule["ports"] {
  const unique = [...new Set(ports)].sort((a, b) => a - b);
  return unique.map((port) => ({ protocol: "TCP", port }));
}

function ingressRules(member: Member, members: readonly Member[], ctx: LinksContext): Rule[] {
  const callers = members.flatMap((caller) =>
    caller.connectsTo
      .filter(isService)
      .filter((link) => targetOf(link).workload === member.name)
      .map((link) => ({ from: [podsOf(caller.name, caller.namespace, ctx.stack)], ports: tcp(targetOf(link).port) })),
  );
  const rules = [...callers, ...openServices(member)];
  if (member.metricsPort) rules.push({ from: [prometheusOfAnyStack()], ports: tcp(member.metricsPort) });
  return rules.sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
}

/** Exposed services answer everyone; those that other stacks share answer our other namespaces. */
function openServices(member: Member): Rule[] {
  return servicesOf(member.name as WorkloadName).flatMap((name) => {
    const { exposed, fromOtherStacks, ports, workload } = serviceEntry(name);
    const numbers = tcp(...ports.map((port) => portOf(workload, port as never)));
    if (exposed) return [{ from: [{ ipBlock: { cidr: ANYWHERE } }], ports: numbers }];
    return fromOtherStacks ? [{ from: [ourNamespaces()], ports: numbers }] : [];
  });
}

/** The base stack's exporters are scraped by every stack, so the instance is left open. */
function prometheusOfAnyStack(): Peer {
  return { ...ourNamespaces(), podSelector: { matchLabels: { [LABEL.name]: "prometheus", [LABEL.partOf]: PART_OF } } };
}
