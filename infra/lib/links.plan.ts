import {
  type Access,
  type Configured,
  type ExternalTarget,
  type Link,
  portOf,
  type ServiceName,
  type ServicePort,
  serviceEntry,
  servicesOf,
  serviceTypeOf,
  type WorkloadName,
} from "./endpoints.ts";
import { metricsOf } from "./kinds.ts";
import { LABEL, PART_OF, selectorLabels } from "./naming.ts";
import type { WorkloadSpec } from "./workload.types.ts";

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
  /** How people reach exposed Services. */
  access: Access;
  /** Addresses of what the configuration names, as URLs. A link to a target that has none is a mistake. */
  configured: Partial<Record<Configured, readonly string[]>>;
}

interface IpBlock {
  cidr: string;
  except?: string[];
}
interface Peer {
  namespaceSelector?: object;
  podSelector?: object;
  ipBlock?: IpBlock;
}
interface Rule {
  from?: Peer[];
  to?: Peer[];
  ports: { protocol: "TCP" | "UDP"; port: number }[];
}

const ANYWHERE = "0.0.0.0/0";
/** Addresses that are never the internet. */
const PRIVATE = ["10.0.0.0/8", "100.64.0.0/10", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "198.18.0.0/15"];
const KUBERNETES_API_PORTS = [443, 6443];
const KUBELET_PORT = 10250;

export function memberOf(spec: WorkloadSpec, namespace: string): Member {
  const metrics = metricsOf(spec);
  const metricsPort = metrics && portOf(spec.name as WorkloadName, metrics.port as never);
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
  const egress = [dnsRule(), ...[...member.connectsTo].sort().flatMap((link) => egressRules(link, members, ctx))];
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

function egressRules(link: Link, members: readonly Member[], ctx: LinksContext): Rule[] {
  if (!isService(link)) return externalRules(link, members, ctx);
  const { workload, port } = targetOf(link);
  const target = members.find((member) => member.name === workload);
  return [{ to: [podsOf(workload, target?.namespace ?? "", ctx.stack)], ports: tcp(port) }];
}

function podsOf(workload: string, namespace: string, stack: string): Peer {
  return {
    namespaceSelector: { matchLabels: { [LABEL.namespace]: namespace } },
    podSelector: { matchLabels: selectorLabels(stack, workload) },
  };
}

function externalRules(target: ExternalTarget, members: readonly Member[], ctx: LinksContext): Rule[] {
  switch (target) {
    case "dns":
      return [dnsRule()];
    case "kubernetes-api":
      // The API server is no pod: no selector can name it, and its address differs from cluster to cluster.
      return [{ to: [{ ipBlock: { cidr: ANYWHERE } }], ports: tcp(...KUBERNETES_API_PORTS) }];
    case "node":
      return [{ to: [{ ipBlock: { cidr: ANYWHERE } }], ports: tcp(KUBELET_PORT) }];
    case "alert-receivers":
    case "external-backup-store":
    case "identity-provider":
    case "other-prometheus":
    case "upstreams":
      return configuredRules(target, ctx);
    case "all-metrics":
      return [{ to: [ourNamespaces()], ports: tcp(...metricsPorts(members)) }];
    case "every-prometheus":
      return [{ to: [ofAnyStack("prometheus")], ports: tcp(portOf("prometheus", "http")) }];
  }
}

/** What a host name of each target may mean. */
const NAMES: Record<Configured, { isInside: (zone: string | undefined) => boolean; open: IpBlock }> = {
  // A mail server or a responder may well be on a private network.
  "alert-receivers": { isInside: (zone) => zone === "svc", open: { cidr: ANYWHERE } },
  // The stack base's store is named in short: "name.namespace".
  "external-backup-store": { isInside: (zone) => zone === undefined || zone === "svc", open: { cidr: ANYWHERE } },
  // An organisation's own may be on a private network; others answer at several names.
  "identity-provider": { isInside: (zone) => zone === "svc", open: { cidr: ANYWHERE } },
  // In another namespace, on a private network, or on the internet.
  "other-prometheus": { isInside: (zone) => zone === undefined || zone === "svc", open: { cidr: ANYWHERE } },
  // Other owners decide what these names resolve to: they must not lead into a private network.
  upstreams: { isInside: (zone) => zone === "svc", open: { cidr: ANYWHERE, except: PRIVATE } },
};

/** One rule for each place and port that the configuration names. */
function configuredRules(target: Configured, { configured }: LinksContext): Rule[] {
  const urls = configured[target];
  if (!urls) throw new Error(`a workload connects to ${target}, which the stack's configuration does not name`);
  const rules = urls.map((url) => {
    const { hostname, port, protocol } = new URL(url);
    return { to: [placeOf(hostname, target)], ports: tcp(Number(port || (protocol === "https:" ? 443 : 80))) };
  });
  const distinct = new Map(rules.map((rule) => [JSON.stringify(rule), rule]));
  return [...distinct.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, rule]) => rule);
}

/** An address, a namespace of the cluster ("name.namespace.svc…"), or a name on the internet. */
function placeOf(host: string, target: Configured): Peer {
  const { isInside, open } = NAMES[target];
  if (/^\d+(\.\d+){3}$/.test(host)) return { ipBlock: { cidr: `${host}/32` } };
  const [, namespace, zone] = host.split(".");
  if (!namespace || !isInside(zone)) return { ipBlock: open };
  return { namespaceSelector: { matchLabels: { [LABEL.namespace]: namespace } } };
}

function metricsPorts(members: readonly Member[]): number[] {
  const shared = ["node-exporter", "kube-state-metrics"] as const;
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
  const rules = [...callers, ...openServices(member, ctx)];
  if (member.metricsPort) rules.push({ from: [ofAnyStack("prometheus")], ports: tcp(member.metricsPort) });
  return rules.sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
}

/**
 * The public service accepts any client. Other exposed services have no authentication: they accept clients only where
 * `access` gives them an address outside the cluster. Services that stacks share accept clients in our other namespaces,
 * or the workloads there that are named. What the API server calls accepts any address, and authenticates its callers.
 */
function openServices(member: Member, { access }: LinksContext): Rule[] {
  return servicesOf(member.name as WorkloadName).flatMap((name) => {
    const entry = serviceEntry(name);
    const { fromKubernetesApi, fromOtherStacks, fromWorkloads = [], isPublic, ports, workload } = entry;
    const numbers = tcp(...ports.map((port) => portOf(workload, port as never)));
    const isReachable = serviceTypeOf(entry, access) !== "ClusterIP";
    const isOpen = isPublic || isReachable || fromKubernetesApi;
    if (isOpen) return [{ from: [{ ipBlock: { cidr: ANYWHERE } }], ports: numbers }];
    if (fromOtherStacks) return [{ from: [ourNamespaces()], ports: numbers }];
    return fromWorkloads.map((name) => ({ from: [ofAnyStack(name)], ports: numbers }));
  });
}

/**
 * The base stack's exporters are scraped by every stack, and its adapter asks each stack's Prometheus, so the instance is
 * left open.
 */
function ofAnyStack(workload: WorkloadName): Peer {
  return { ...ourNamespaces(), podSelector: { matchLabels: { [LABEL.name]: workload, [LABEL.partOf]: PART_OF } } };
}
