import { LABEL } from "../lib/naming.ts";
import type { Rendered } from "./types.ts";

interface Peer {
  podSelector?: { matchLabels?: Record<string, string> };
  namespaceSelector?: { matchLabels?: Record<string, string> };
  ipBlock?: { cidr: string };
}
interface Rule {
  to?: Peer[];
  from?: Peer[];
  ports?: { port: number | string }[];
}

/** Who may talk to whom by the NetworkPolicies, one line each: "api → pgbouncer:6432". */
export function linksOf(resources: readonly Rendered[]): string[] {
  const policies = resources.filter(({ inputs }) => inputs.kind === "NetworkPolicy");
  const found = policies.flatMap(({ inputs }) => {
    const spec = inputs.spec as { podSelector?: Peer["podSelector"]; egress?: Rule[]; ingress?: Rule[] };
    const own = nameOf({ podSelector: spec.podSelector ?? {} });
    const out = (spec.egress ?? []).flatMap((rule) => ends(rule.to, rule).map((end) => `${own} → ${end}`));
    // What comes from elsewhere is in no other policy of the stack.
    const outside = (spec.ingress ?? []).flatMap((rule) =>
      (rule.from ?? [{}])
        .filter((peer) => !peer.podSelector)
        .flatMap((peer) => portsOf(rule).map((port) => `${nameOf(peer)} → ${own}${port}`)),
    );
    return [...out, ...outside];
  });
  return [...new Set(found)].sort();
}

const ends = (peers: Peer[] | undefined, rule: Rule) =>
  (peers ?? [{}]).flatMap((peer) => portsOf(rule).map((port) => `${nameOf(peer)}${port}`));
const portsOf = ({ ports }: Rule) => (ports ? ports.map(({ port }) => `:${port}`) : [" (all ports)"]);

function nameOf({ podSelector, namespaceSelector, ipBlock }: Peer): string {
  if (ipBlock) return ipBlock.cidr;
  const labels = podSelector?.matchLabels ?? {};
  const pods =
    labels[LABEL.name] ?? labels["k8s-app"] ?? (Object.keys(labels).length > 0 ? JSON.stringify(labels) : "every pod");
  const namespace = namespaceSelector?.matchLabels;
  if (!podSelector && !namespace) return "anyone";
  if (!namespace) return pods;
  return `${pods} of ${Object.values(namespace).join(", ") || "every namespace"}`;
}
