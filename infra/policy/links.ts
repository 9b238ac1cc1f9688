import { LABEL } from "../lib/naming.ts";
import { containersOf, controllers, namespaceOf, ofKind, podOf, selected } from "./read.ts";
import type { Finding, PolicyResource, StackPolicy } from "./types.ts";

interface Selector {
  matchLabels?: Record<string, string>;
}
interface Rule {
  to?: { podSelector?: Selector; namespaceSelector?: Selector; ipBlock?: object }[];
  from?: unknown[];
  ports?: { port?: number | string }[];
}

/** "api:8080", "loki.media-prod:3100", "https://gateway-inside:8444/": service, namespace, port. */
const ADDRESS = /(?<![\w.-])([a-z][a-z0-9-]*)(?:\.([a-z0-9-]+)(?:\.[a-z0-9.-]+)?)?:(\d{2,5})(?!\d)/g;

/** What a pod reads where addresses stand: its variables, its arguments and the files of its ConfigMaps. */
function textsOf(resource: PolicyResource, resources: readonly PolicyResource[]): [where: string, text: string][] {
  const pod = podOf(resource);
  const own = containersOf(resource).flatMap(({ path, spec }): [string, unknown][] => [
    ...((spec.env ?? []) as { name: string; value?: unknown }[]).map(({ name, value }): [string, unknown] => [
      `${path}.env[${name}]`,
      value,
    ]),
    ...[...(spec.command ?? []), ...(spec.args ?? [])].map((text): [string, unknown] => [`${path}.args`, text]),
  ]);
  const volumes = (pod?.spec.volumes ?? []) as { name: string; configMap?: { name?: string } }[];
  const files = volumes.flatMap(({ name, configMap }): [string, unknown][] => {
    const map = ofKind(resources, "ConfigMap").find(
      (one) => namespaceOf(one) === namespaceOf(resource) && one.object.metadata?.name === configMap?.name,
    );
    const data = (configMap && map?.object.data) as Record<string, unknown> | undefined;
    return Object.entries(data ?? {}).map(([file, text]) => [`${pod?.path}.volumes[${name}] ${file}`, text]);
  });
  // In the engine's policy host a value may not be known yet.
  return [...own, ...files].filter((entry): entry is [string, string] => typeof entry[1] === "string");
}

/** The workload behind a Service, and the ports of its pods at which the Service's port arrives. */
function behind(service: PolicyResource, port: number, resources: readonly PolicyResource[]) {
  const { spec, metadata } = service.object;
  const target = (spec.ports ?? []).find((one: { port: number }) => one.port === port)?.targetPort ?? port;
  const pods = spec.selector ? selected(service, resources) : [];
  const named = pods
    .flatMap(containersOf)
    .flatMap(({ spec: container }) => (container.ports ?? []) as { name?: string; containerPort: number }[])
    .filter(({ name }) => name === target)
    .map(({ containerPort }) => containerPort);
  const ports = typeof target === "number" ? [target] : named;
  const workload = (spec.selector?.[LABEL.name] ?? metadata?.labels?.[LABEL.name]) as string | undefined;
  return { workload, namespace: namespaceOf(service), ports };
}

/** Whether the rule lets a pod reach that workload at one of these ports; ports that are not known are not judged. */
function lets({ to, ports: open }: Rule, { workload, namespace, ports }: ReturnType<typeof behind>): boolean {
  const fits = (selector: Selector | undefined, label: string, value: string | undefined) =>
    [undefined, value].includes(selector?.matchLabels?.[label]);
  const toPods = (to ?? [{}]).some(
    ({ podSelector, namespaceSelector, ipBlock }) =>
      !ipBlock && fits(podSelector, LABEL.name, workload) && fits(namespaceSelector, LABEL.namespace, namespace),
  );
  const numbers = (open ?? []).map(({ port }) => port);
  return toPods && (!open || ports.length === 0 || ports.some((port) => numbers.includes(port)));
}

/** Who may talk to whom. */
export const linkPolicies: readonly StackPolicy[] = [
  {
    name: "address-has-link",
    description: "A pod that is given the address of a Service may reach it: the link is declared.",
    instead: "declare the link in `connectsTo` of the workload's spec, or take the address away",
    level: "mandatory",
    checkStack: (resources) => {
      const services = new Map(
        ofKind(resources, "Service").map((one) => [`${namespaceOf(one)}/${one.object.metadata?.name}`, one]),
      );
      const policies = ofKind(resources, "NetworkPolicy").map((policy) => ({
        rules: (policy.object.spec.egress ?? []) as Rule[],
        pods: new Set(selected(policy, resources)),
      }));
      return controllers(resources).flatMap((resource) => {
        const rules = policies.filter(({ pods }) => pods.has(resource)).flatMap(({ rules: own }) => own);
        const itself = podOf(resource)?.metadata.labels?.[LABEL.name];
        return textsOf(resource, resources).flatMap(([where, text]) =>
          [...text.matchAll(ADDRESS)].flatMap(([address, name, namespace = namespaceOf(resource), port]) => {
            const service = services.get(`${namespace}/${name}`);
            if (!service) return [];
            const target = behind(service, Number(port), resources);
            if (target.workload === itself || rules.some((rule) => lets(rule, target))) return [];
            return [{ resource, where, problem: `names ${address}, to which no link is declared` }];
          }),
        );
      });
    },
  },
  {
    name: "network-policy-has-ends",
    description: "A rule of a NetworkPolicy says who is at the other end and at which ports.",
    instead: "declare the link in `connectsTo` of the workload's spec; its rules are made from that",
    level: "mandatory",
    checkStack: (resources) =>
      ofKind(resources, "NetworkPolicy").flatMap((resource) =>
        (["ingress", "egress"] as const).flatMap((way) =>
          ((resource.object.spec[way] ?? []) as Rule[]).flatMap(
            (rule, index): (Finding & { resource: typeof resource })[] => {
              const missing = [
                ...((way === "egress" ? rule.to : rule.from)?.length ? [] : ["end"]),
                ...(rule.ports?.length ? [] : ["port"]),
              ];
              return missing.length > 0
                ? [{ resource, where: `spec.${way}[${index}]`, problem: `names no ${missing.join(" and no ")}` }]
                : [];
            },
          ),
        ),
      ),
  },
];
