import { describe, expect, test } from "@jest/globals";
import { LABEL } from "../lib/naming.ts";
import { STACKS, type Stack } from "./fixtures.ts";
import { controllers, type KubernetesObject, ofKind } from "./rendered.ts";

interface Peer {
  namespaceSelector?: { matchLabels: Record<string, string> };
  podSelector?: { matchLabels: Record<string, string> };
}
interface Rule {
  from?: Peer[];
  to?: Peer[];
  ports: { port: number }[];
}

const policies = (stack: Stack) => ofKind(stack, "NetworkPolicy");
const ofWorkloads = (stack: Stack) => policies(stack).filter(({ spec }) => spec.podSelector.matchLabels);

/** "caller → target:port" of every rule whose other end is a workload of the stack. */
function flows(stack: Stack, direction: "egress" | "ingress"): string[] {
  const found = ofWorkloads(stack).flatMap((policy) =>
    (policy.spec[direction] as Rule[]).flatMap(({ from, to, ports }) =>
      (to ?? from ?? []).flatMap(({ podSelector }) => {
        // Prometheus scrapes by one rule for all: it is looked at in its own test.
        if (!podSelector?.matchLabels[LABEL.instance]) return [];
        const [own, other] = [policy.metadata.name, podSelector.matchLabels[LABEL.name]];
        const pair = direction === "egress" ? `${own} → ${other}` : `${other} → ${own}`;
        return ports.map(({ port }) => `${pair}:${port}`);
      }),
    ),
  );
  return found.sort();
}

describe.each(STACKS)("network policies of %s", (stack) => {
  test("deny by default in every namespace with pods", () => {
    const namespaces = [...new Set(controllers(stack).map(({ metadata }) => metadata.namespace))].sort();
    const denied = policies(stack).filter(({ spec }) => Object.keys(spec.podSelector).length === 0);
    expect(denied.map(({ metadata }) => metadata.namespace).sort()).toEqual(namespaces);
    for (const { spec } of denied) expect(spec).toEqual({ podSelector: {}, policyTypes: ["Egress", "Ingress"] });
  });

  test("each workload has one", () => {
    const named = (object: KubernetesObject) => `${object.metadata.namespace}/${object.metadata.labels?.[LABEL.name]}`;
    expect(ofWorkloads(stack).map(named).sort()).toEqual(controllers(stack).map(named).sort());
  });

  test("what one end may send, the other may receive", () => {
    expect(flows(stack, "ingress")).toEqual(flows(stack, "egress"));
  });

  test("every port in a rule is a port of the workload that it leads to", () => {
    const ports = new Map(
      controllers(stack).map(({ metadata, spec }) => {
        const containers = spec.template.spec.containers as { ports?: { containerPort: number }[] }[];
        const numbers = containers.flatMap((c) => (c.ports ?? []).map(({ containerPort }) => containerPort));
        return [metadata.labels?.[LABEL.name], numbers];
      }),
    );
    for (const flow of flows(stack, "egress")) {
      const [target, port] = (flow.split(" → ")[1] ?? "").split(":");
      expect([flow, ports.get(target)?.includes(Number(port))]).toEqual([flow, true]);
    }
  });

  test("whoever shows metrics can be scraped", () => {
    const scraped = controllers(stack).filter(({ spec }) => spec.template.metadata.annotations?.["prometheus.io/port"]);
    for (const { metadata, spec } of scraped) {
      const policy = ofWorkloads(stack).find((found) => found.metadata.name === metadata.name);
      const port = Number(spec.template.metadata.annotations["prometheus.io/port"]);
      const fromPrometheus = ((policy?.spec.ingress ?? []) as Rule[]).filter(({ from }) =>
        from?.some(({ podSelector }) => podSelector?.matchLabels[LABEL.name] === "prometheus"),
      );
      expect(fromPrometheus.flatMap(({ ports }) => ports)).toContainEqual({ protocol: "TCP", port });
    }
  });
});

test("users' stacks reach the internet on 443 only, and their private networks not at all", () => {
  const rules = ofWorkloads("prod").flatMap(
    ({ spec }) => spec.egress as { to: { ipBlock?: { except?: string[] } }[]; ports: unknown }[],
  );
  const outward = rules.filter(({ to }) => to.some(({ ipBlock }) => ipBlock?.except));
  expect(outward.length).toBeGreaterThan(0);
  for (const { ports } of outward) expect(ports).toEqual([{ protocol: "TCP", port: 443 }]);
});
