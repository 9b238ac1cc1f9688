import { describe, expect, test } from "@jest/globals";
import { urlOf } from "./access.ts";
import {
  type AccessType,
  address,
  listeners,
  type ServiceName,
  serviceEntry,
  services,
  servicesOf,
} from "./endpoints.ts";
import { fill, readBeside } from "./files.ts";
import { catalogue, type ImageName, resolveImage } from "./images.ts";
import { namespacePlan } from "./namespace.ts";
import { sorted } from "./naming.ts";

describe("endpoints", () => {
  test("every service offers ports that its workload has, under names that Kubernetes allows", () => {
    for (const name of Object.keys(services) as ServiceName[]) {
      const { workload, ports } = serviceEntry(name);
      const known = Object.keys(listeners[workload]);
      for (const port of ports) expect([name, known]).toEqual([name, expect.arrayContaining([port])]);
    }
    for (const port of Object.values(listeners).flatMap(Object.keys)) expect(port).toMatch(/^[a-z0-9-]{1,15}$/);
  });

  test("an address is the service's name and the port's number", () => {
    expect(address("redis-state-sentinel:sentinel")).toBe("redis-state-sentinel:26379");
  });

  test("a workload may answer for several services, or for none", () => {
    expect(servicesOf("postgres")).toEqual(["postgres", "postgres-members", "postgres-replicas"]);
    expect(servicesOf("worker")).toEqual([]);
  });
});

describe("an exposed service's address", () => {
  const via = (type: AccessType) => ({ type, direct: true, host: "127.0.0.1" });

  test("is a port of the node", () => {
    expect(urlOf("gateway", "media-dev", { nodePort: 30123 }, via("NodePort"))).toBe("https://127.0.0.1:30123");
    expect(urlOf("gateway", "media-dev", {}, via("NodePort"))).toBe("https://127.0.0.1:<allotted>");
  });

  test("or that of a load balancer, by name or by number", () => {
    const at = (loadBalancer?: { ip?: string; hostname?: string }) =>
      urlOf("gateway", "media-dev", { loadBalancer }, via("LoadBalancer"));
    expect(at({ ip: "192.0.2.1" })).toBe("https://192.0.2.1");
    expect(at({ hostname: "media.example.com", ip: "192.0.2.1" })).toBe("https://media.example.com");
    expect(at()).toBe("https://<allotted>");
  });

  test("or the public name, which the certificate has", () => {
    const named = (type: AccessType) => ({ ...via(type), hostname: "media.example.com" });
    const loadBalancer = { ip: "192.0.2.1" };
    expect(urlOf("gateway", "media-prod", { loadBalancer }, named("LoadBalancer"))).toBe("https://media.example.com");
    expect(urlOf("gateway", "media-dev", { nodePort: 30123 }, named("NodePort"))).toBe(
      "https://media.example.com:30123",
    );
    // Others are not reached by it.
    expect(urlOf("loki", "media-dev", { nodePort: 30124 }, named("NodePort"))).toBe("http://127.0.0.1:30124");
  });

  test("which only the gateway has: what is for the stack's own people stays inside", () => {
    const at = urlOf("loki", "media-dev", { loadBalancer: { ip: "192.0.2.1" } }, via("LoadBalancer"));
    expect(at).toBe("http://loki.media-dev.svc.cluster.local:3100");
  });

  test("or only that inside the cluster", () => {
    const url = urlOf("prometheus", "media-dev", {}, via("ClusterIP"));
    expect(url).toBe("http://prometheus.media-dev.svc.cluster.local:9090");
    expect(urlOf("api", "media-dev", {}, via("ClusterIP"))).toBe("http://api.media-dev.svc.cluster.local:8080");
  });
});

describe("images", () => {
  const config = {
    registry: "registry.example.com",
    pinned: { redis: "local/redis@sha256:1", exporters: "local/e@sha256:2" },
    build: false,
    credentials: {},
  };

  test("what is pinned comes first, by the folder that builds it", () => {
    expect(resolveImage("redis", config)).toBe("local/redis@sha256:1");
    expect(resolveImage("redis-exporter", config)).toBe("local/e@sha256:2");
  });

  test("then what is published, then our own registry", () => {
    expect(resolveImage("nginx", config)).toBe(catalogue.nginx.published);
    expect(resolveImage("postgres", config)).toBe(`registry.example.com/postgres:${catalogue.postgres.version}`);
  });

  test("no published image is left to a moving tag", () => {
    for (const name of Object.keys(catalogue) as ImageName[]) {
      const { published = "x:1" } = catalogue[name] as { published?: string };
      expect(published).toMatch(/:v?\d/);
    }
  });
});

describe("templates", () => {
  test("every name is filled in", () => {
    expect(fill("a {{b}} {{c}} {{b}}", { b: 1, c: "x" })).toBe("a 1 x 1");
  });

  test("a name without a value and a value without a name are mistakes", () => {
    expect(() => fill("{{b}}", {})).toThrow("names {{b}}");
    expect(() => fill("", { b: 1 })).toThrow("does not use: b");
  });

  test("a file is read from beside its reader", () => {
    expect(readBeside(import.meta.url, "files.ts")).toContain("readBeside");
  });
});

test("a namespace enforces, audits and warns at its level", () => {
  const { labels } = namespacePlan("media-dev", "dev", "restricted").metadata;
  expect(labels).toMatchObject({
    "pod-security.kubernetes.io/enforce": "restricted",
    "app.kubernetes.io/instance": "dev",
  });
});

test("sorting leaves the values alone", () => {
  expect(Object.entries(sorted({ b: 2, a: 1 }))).toEqual([
    ["a", 1],
    ["b", 2],
  ]);
});
