import { describe, expect, test } from "@jest/globals";
import { LABEL } from "../lib/naming.ts";
import { STACKS, type Stack } from "./fixtures.ts";
import { controllers, type KubernetesObject, ofKind, templateOf } from "./rendered.ts";

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
      controllers(stack).map((controller) => {
        const { metadata } = controller;
        const containers = templateOf(controller).spec.containers as { ports?: { containerPort: number }[] }[];
        const numbers = containers.flatMap((c) => (c.ports ?? []).map(({ containerPort }) => containerPort));
        return [metadata.labels?.[LABEL.name], numbers];
      }),
    );
    for (const flow of flows(stack, "egress")) {
      const [target, port] = (flow.split(" → ")[1] ?? "").split(":");
      expect([flow, ports.get(target)?.includes(Number(port))]).toEqual([flow, true]);
    }
  });

  test("each workload with metrics can be scraped", () => {
    const portOf = (controller: KubernetesObject) =>
      templateOf(controller).metadata.annotations?.["prometheus.io/port"];
    for (const controller of controllers(stack).filter(portOf)) {
      const { metadata } = controller;
      const policy = ofWorkloads(stack).find((found) => found.metadata.name === metadata.name);
      const port = Number(portOf(controller));
      const fromPrometheus = ((policy?.spec.ingress ?? []) as Rule[]).filter(({ from }) =>
        from?.some(({ podSelector }) => podSelector?.matchLabels[LABEL.name] === "prometheus"),
      );
      expect(fromPrometheus.flatMap(({ ports }) => ports)).toContainEqual({ protocol: "TCP", port });
    }
  });
});

test("nothing connects to the prober, which connects to the doubles or the upstreams, and to Pushgateway", () => {
  const prober = (stack: Stack) => ofWorkloads(stack).find(({ metadata }) => metadata.name === "prober");
  expect(prober("base")).toBeUndefined();
  for (const stack of ["dev", "prod"] as const) expect(prober(stack)?.spec.ingress).toEqual([]);
  const from = (stack: Stack) => flows(stack, "egress").filter((flow) => flow.startsWith("prober "));
  expect(from("dev")).toEqual(["prober → doubles:8080", "prober → gateway:8444", "prober → pushgateway:9091"]);
  expect(from("prod")).toEqual(["prober → gateway:8444", "prober → pushgateway:9091"]);
});

test("in users' stacks the gateway alone accepts clients from outside the stacks", () => {
  const open = (stack: Stack) =>
    ofWorkloads(stack).filter(({ spec }) => JSON.stringify(spec.ingress).includes('"ipBlock"'));
  const names = (stack: Stack) => open(stack).map(({ metadata }) => metadata.name);
  for (const stack of ["prod", "dr"] as const) expect(names(stack)).toEqual(["gateway"]);
  // Of a rehearsal too: the others have no sign-in but the gateway's.
  expect(names("staging")).toEqual(["gateway"]);
  expect(names("dev")).toEqual(expect.arrayContaining(["gateway", "prometheus"]));
});

test("users' stacks reach the internet only on the ports of the services that they ask, and no private network", () => {
  const rules = ofWorkloads("prod").flatMap(
    ({ spec }) => spec.egress as { to: { ipBlock?: { except?: string[] } }[]; ports: { port: number }[] }[],
  );
  const outward = rules.filter(({ to }) => to.some(({ ipBlock }) => ipBlock?.except));
  expect([...new Set(outward.flatMap(({ ports }) => ports.map(({ port }) => port)))].sort()).toEqual([32400, 443]);
  for (const { to } of outward) expect(to[0]?.ipBlock?.except).toContain("192.168.0.0/16");
});
