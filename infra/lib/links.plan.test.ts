import { describe, expect, test } from "@jest/globals";
import type { Link } from "./endpoints.ts";
import { planContext, tiny } from "./lib.fixtures.ts";
import { brokenLinks, defaultDeny, type LinksContext, type Member, memberOf, policyOf } from "./links.plan.ts";
import { mermaid } from "./picture.ts";

const context: LinksContext = {
  stack: "dev",
  access: { type: "NodePort", direct: true },
  configured: { "external-backup-store": ["https://backup-store.media-base:9000"], upstreams: [] },
};

function member(name: string, connectsTo: Link[] = [], metricsPort?: number): Member {
  return { name, namespace: "media-dev", connectsTo, ...(metricsPort ? { metricsPort } : {}) };
}

// biome-ignore lint/suspicious/noExplicitAny: policies are read at arbitrary paths.
function specOf(of: Member, others: Member[] = [], ctx = context): any {
  return policyOf(of, [of, ...others], ctx).spec;
}

/** The rule besides the one for DNS. */
function egress(link: Link, others: Member[] = [], ctx = context) {
  return specOf(member("worker", [link]), others, ctx).egress[1];
}

describe("egress", () => {
  test("every workload may ask DNS", () => {
    expect(specOf(member("worker")).egress).toEqual([
      {
        to: [{ namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "kube-system" } } }],
        ports: [
          { protocol: "TCP", port: 53 },
          { protocol: "UDP", port: 53 },
        ],
      },
    ]);
  });

  test("to a workload: its pods, on the one port", () => {
    expect(egress("api:http", [member("api")])).toEqual({
      to: [
        {
          namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "media-dev" } },
          podSelector: { matchLabels: { "app.kubernetes.io/instance": "dev", "app.kubernetes.io/name": "api" } },
        },
      ],
      ports: [{ protocol: "TCP", port: 8080 }],
    });
  });

  test.each([
    ["dns", 53],
    ["kubernetes-api", 443],
    ["node", 10250],
  ] as const)("to %s", (target, port) => {
    expect(egress(target).ports[0].port).toBe(port);
  });

  test("to every metrics port, those of the base stack too", () => {
    const ports = egress("all-metrics", [member("api", [], 9464)]).ports.map(({ port }: { port: number }) => port);
    expect(ports).toEqual([8080, 9100, 9464]);
  });

  const base = "kubernetes.io/metadata.name";
  const inside = (namespace: string) => ({ namespaceSelector: { matchLabels: { [base]: namespace } } });
  const anywhere = { ipBlock: { cidr: "0.0.0.0/0" } };
  const internet = { ipBlock: { cidr: "0.0.0.0/0", except: expect.arrayContaining(["10.0.0.0/8", "100.64.0.0/10"]) } };

  test.each([
    ["external-backup-store", "https://backup-store.media-base:9000", inside("media-base"), 9000],
    ["external-backup-store", "https://backup-store.media-base.svc.cluster.local", inside("media-base"), 443],
    ["external-backup-store", "https://s3.eu-central-1.amazonaws.com", anywhere, 443],
    ["external-backup-store", "https://minio:9000", anywhere, 9000],
    ["identity-provider", "https://id.example.com/realms/media", anywhere, 443],
    ["identity-provider", "https://id.keycloak.svc:8443", inside("keycloak"), 8443],
    ["other-prometheus", "http://prometheus.media-staging:9090", inside("media-staging"), 9090],
    ["other-prometheus", "https://prometheus.example.com/ours", anywhere, 443],
    ["upstreams", "https://api.themoviedb.org", internet, 443],
    ["upstreams", "https://example.org", internet, 443],
    ["upstreams", "http://overseerr.media.svc:5055", inside("media"), 5055],
    ["upstreams", "http://overseerr.media.svc", inside("media"), 80],
    ["upstreams", "http://192.168.1.7:32400", { ipBlock: { cidr: "192.168.1.7/32" } }, 32400],
  ] as const)("to %s at %s", (target, url, place, port) => {
    const rule = egress(target, [], { ...context, configured: { [target]: [url] } });
    expect(rule).toEqual({ to: [place], ports: [{ protocol: "TCP", port }] });
  });

  test("to several places: a rule for each, and one for what is the same", () => {
    const urls = ["https://b.example.org", "https://a.example.org/path", "http://192.168.1.7:32400"];
    const ctx = { ...context, configured: { upstreams: urls } };
    expect(specOf(member("api", ["upstreams"]), [], ctx).egress).toHaveLength(3); // DNS is the first
  });

  test("to what is not configured is a mistake", () => {
    expect(() => egress("external-backup-store", [], { ...context, configured: {} })).toThrow("does not name");
  });
});

describe("ingress", () => {
  test("from callers that declared it, on that port", () => {
    const { ingress } = specOf(member("api"), [member("gateway", ["api:http"]), member("worker", ["doubles:http"])]);
    expect(ingress).toHaveLength(1);
    expect(ingress[0].from[0].podSelector.matchLabels["app.kubernetes.io/name"]).toBe("gateway");
  });

  test("from anywhere, if people use it; from our other stacks, if they share it", () => {
    expect(specOf(member("gateway")).ingress).toEqual([
      { from: [{ ipBlock: { cidr: "0.0.0.0/0" } }], ports: [{ protocol: "TCP", port: 8443 }] },
    ]);
    expect(specOf(member("backup-store")).ingress[0].from[0].namespaceSelector.matchLabels).toEqual({
      "app.kubernetes.io/part-of": "media-platform",
    });
  });

  test.each([
    ["NodePort", true, "prometheus", true],
    ["NodePort", false, "prometheus", false],
    ["LoadBalancer", true, "prometheus", false],
    ["ClusterIP", true, "prometheus", false],
    ["NodePort", true, "pushgateway", true],
    ["NodePort", false, "pushgateway", false],
    ["LoadBalancer", true, "pushgateway", false],
    ["NodePort", false, "gateway", true],
    ["LoadBalancer", false, "gateway", true],
    ["ClusterIP", false, "gateway", true],
    ["NodePort", true, "api", false],
    // It takes its caller's name from a header.
    ["NodePort", true, "grafana", false],
  ] as const)("with access by %s, direct %s, %s is open to any client: %s", (type, direct, name, isOpen) => {
    const { ingress } = specOf(member(name), [], { ...context, access: { type, direct } });
    const any = { ipBlock: { cidr: "0.0.0.0/0" } };
    expect(ingress.some(({ from }: { from: object[] }) => JSON.stringify(from).includes(JSON.stringify(any)))).toBe(
      isOpen,
    );
  });

  test("from the base stack's adapter to the Prometheus of each stack, also where people cannot reach it; and back nothing", () => {
    const closed: LinksContext = { ...context, access: { type: "LoadBalancer", direct: false } };
    const any = { namespaceSelector: { matchLabels: { "app.kubernetes.io/part-of": "media-platform" } } };
    const pods = (name: string) => ({
      ...any,
      podSelector: { matchLabels: { "app.kubernetes.io/name": name, "app.kubernetes.io/part-of": "media-platform" } },
    });
    const ports = [{ protocol: "TCP", port: 9090 }];
    expect(specOf(member("prometheus"), [], closed).ingress).toEqual([{ from: [pods("prometheus-adapter")], ports }]);
    expect(egress("every-prometheus")).toEqual({ to: [pods("prometheus")], ports });
    expect(specOf(member("loki"), [], closed).ingress).toEqual([]);
  });

  test("from any address to what the API server calls", () => {
    expect(
      specOf(member("prometheus-adapter"), [], { ...context, access: { type: "ClusterIP", direct: false } }).ingress,
    ).toEqual([{ from: [{ ipBlock: { cidr: "0.0.0.0/0" } }], ports: [{ protocol: "TCP", port: 6444 }] }]);
  });

  test("from the Prometheus of any of our stacks to the metrics", () => {
    expect(specOf(member("api", [], 9464)).ingress).toHaveLength(1);
  });
});

test("the default is to deny", () => {
  expect(defaultDeny("dev", "media-dev")).toMatchObject({
    metadata: { name: "default-deny", namespace: "media-dev" },
    spec: { podSelector: {}, policyTypes: ["Egress", "Ingress"] },
  });
});

test("a link to what the stack does not run is a problem with a name", () => {
  expect(brokenLinks([member("gateway", ["api:http", "node"])])).toEqual([
    "gateway connects to api:http, which no layer of this stack runs",
  ]);
  expect(brokenLinks([member("gateway", ["api:http"]), member("api")])).toEqual([]);
});

test("a workload becomes a member with its links and the port of its metrics", () => {
  expect(memberOf(tiny, planContext.namespace)).toEqual({ name: "worker", namespace: "media-dev", connectsTo: [] });
  const scraped = { ...tiny, connectsTo: ["node" as const], metrics: { port: "admin" } };
  expect(memberOf(scraped, planContext.namespace)).toMatchObject({ connectsTo: ["node"], metricsPort: 9464 });
});

test("the picture shows workloads, links, people and external targets, sorted", () => {
  expect(mermaid([member("gateway", ["api:http"]), member("api", ["upstreams"])])).toBe(
    [
      "flowchart LR",
      '  api --> upstreams[("upstreams")]',
      '  api["api"]',
      '  gateway -- "http" --> api',
      '  gateway["gateway"]',
      '  people(("people")) --> gateway',
      "",
    ].join("\n"),
  );
});
