import { describe, expect, test } from "@jest/globals";
import type { Link } from "./endpoints.ts";
import { planContext, tiny } from "./lib.fixtures.ts";
import { brokenLinks, defaultDeny, type LinksContext, type Member, memberOf, policyOf } from "./links.plan.ts";
import { mermaid } from "./picture.ts";

const backupStore = { host: "backup-store.media-base", port: 9000 };
const context: LinksContext = { stack: "dev", backupStore };

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
  test("everyone may ask DNS", () => {
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
    ["internet", 443],
  ] as const)("to %s", (target, port) => {
    expect(egress(target).ports[0].port).toBe(port);
  });

  test("to the internet, but to no private network", () => {
    expect(egress("internet").to[0].ipBlock.except).toContain("10.0.0.0/8");
  });

  test("to every metrics port, those of the base stack too", () => {
    const ports = egress("all-metrics", [member("api", [], 9464)]).ports.map(({ port }: { port: number }) => port);
    expect(ports).toEqual([8080, 9001, 9100, 9464]);
  });

  test.each([
    ["backup-store.media-base", true],
    ["backup-store.media-base.svc.cluster.local", true],
    ["s3.eu-central-1.amazonaws.com", false],
    ["minio", false],
  ])("to a backup store at %s: a namespace of ours is %s", (host, isInside) => {
    const { to, ports } = egress("external-backup-store", [], { stack: "dev", backupStore: { host, port: 9000 } });
    expect(to[0]).toHaveProperty(isInside ? "namespaceSelector" : "ipBlock");
    expect(ports).toEqual([{ protocol: "TCP", port: 9000 }]);
  });

  test("to a backup store that is not configured is a mistake", () => {
    expect(() => egress("external-backup-store", [], { stack: "dev" })).toThrow("the stack has no backups");
  });
});

describe("ingress", () => {
  test("from those who declared it, on that port", () => {
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
  expect(brokenLinks([member("gateway", ["api:http", "internet"])])).toEqual([
    "gateway connects to api:http, which no layer of this stack runs",
  ]);
  expect(brokenLinks([member("gateway", ["api:http"]), member("api")])).toEqual([]);
});

test("a workload becomes a member with its links and the port of its metrics", () => {
  expect(memberOf(tiny, planContext.namespace)).toEqual({ name: "worker", namespace: "media-dev", connectsTo: [] });
  const scraped = { ...tiny, connectsTo: ["node" as const], metrics: { port: "admin" } };
  expect(memberOf(scraped, planContext.namespace)).toMatchObject({ connectsTo: ["node"], metricsPort: 9464 });
});

test("the picture shows workloads, links, people and what lies outside, sorted", () => {
  expect(mermaid([member("gateway", ["api:http"]), member("api", ["internet"])])).toBe(
    [
      "flowchart LR",
      '  api --> internet[("the internet on 443")]',
      '  api["api"]',
      '  gateway -- "http" --> api',
      '  gateway["gateway"]',
      '  people(("people")) --> gateway',
      "",
    ].join("\n"),
  );
});
