import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { examples } from "./examples.ts";
import { loadConfig, merge } from "./load.ts";
import { schema } from "./schema.ts";
import { tiers } from "./tiers.ts";
import { upstreamNames } from "./upstreams.ts";

const valid: Record<string, string> = {
  "media-platform:kubernetes": '{"context":"kind-media"}',
  "media-platform:images": '{"registry":"registry.example.com"}',
  "media-platform:tier": "small",
  "media-platform:layers": '["cluster"]',
  "other:key": "ignored",
};

function load(engine: Record<string, string>, overlay?: string) {
  if (overlay === undefined) return loadConfig({ stack: "dev", engine });
  const overlayFolder = mkdtempSync(join(tmpdir(), "media-config-"));
  writeFileSync(join(overlayFolder, "dev.json"), overlay);
  return loadConfig({ stack: "dev", engine, overlayFolder });
}

function problems(engine: Record<string, string>, overlay?: string): string {
  try {
    load(engine, overlay);
  } catch (error) {
    return (error as Error).message;
  }
  return "none";
}

describe("a configuration", () => {
  test("is one frozen object with all defaults", () => {
    const config = load(valid);
    expect(config).toMatchObject({ tier: "small", access: { type: "NodePort", host: "127.0.0.1" }, protect: false });
    expect(() => Object.assign(config.access, { host: "x" })).toThrow(/read only/);
  });

  test("takes the overlay over the committed file, key by key", () => {
    const overlay =
      '{"kubernetes":{"context":"embedded"},"images":{"pinned":{"redis":"r@sha256:1"}},"layers":["cluster"]}';
    const config = load(valid, overlay);
    expect(config.kubernetes.context).toBe("embedded");
    expect(config.images).toMatchObject({ registry: "registry.example.com", pinned: { redis: "r@sha256:1" } });
  });

  test("may have no overlay file", () => {
    expect(loadConfig({ stack: "dev", engine: valid, overlayFolder: "/nonexistent" }).tier).toBe("small");
  });
});

describe("a wrong configuration is told in one message", () => {
  test("with every problem, its key and an example", () => {
    const message = problems({
      ...valid,
      "media-platform:tier": "huge",
      "media-platform:kubernetes": '{"contxt":"a"}',
    });
    expect(message).toContain("The configuration of stack dev has 3 problems:");
    expect(message).toMatch(/media-platform:tier: .*"small".*for example "small"/);
    expect(message).toMatch(/media-platform:kubernetes\.context: .*for example "kind-media"/);
    expect(message).toContain("media-platform:kubernetes.contxt: is not a key of this program (misspelt?)");
    expect(message).toContain("Correct Pulumi.dev.yaml");
  });

  test("names a single problem as such", () => {
    const message = problems({ ...valid, "media-platform:layers": "[]" });
    expect(message).toContain("has a problem:");
  });

  test("the data layer needs a backup store", () => {
    const message = problems({ ...valid, "media-platform:layers": '["data"]' });
    expect(message).toContain("media-platform:backups: is missing: the data layer archives there; for example {");
  });

  test("the app layer needs the data layer", () => {
    const message = problems({ ...valid, "media-platform:layers": '["app"]' });
    expect(message).toContain("media-platform:layers: must have data too: the app layer keeps its state there");
  });

  test("a load balancer needs the name for which the certificate is valid", () => {
    const backups = '{"endpoint":"https://s3.example.com","bucket":"media","accessKey":"a","secretKey":"s"}';
    const layers = { "media-platform:layers": '["data","app"]', "media-platform:backups": backups };
    const app = { ...valid, ...layers, "media-platform:app": '{"firstAdmin":"admin@example.com"}' };
    const balanced = { ...app, "media-platform:access": '{"type":"LoadBalancer"}' };
    expect(problems(balanced)).toMatch(/gateway\.hostname: is missing: .*for example "media\.example\.com"/);
    expect(problems({ ...balanced, "media-platform:gateway": '{"hostname":"media.example.com"}' })).toBe("none");
    expect(problems(app)).toBe("none");
  });

  test.each([
    ['{"hostname":"https://media.example.com"}', /gateway\.hostname: must be a host name/],
    ['{"hostname":"media"}', /gateway\.hostname: must be a host name/],
    ['{"proxyProtocolFrom":["10.0.0.1"]}', /gateway\.proxyProtocolFrom/],
    ['{"certificate":{"issuer":{"name":"a"}}}', /gateway\.hostname: is missing: the issuer signs for this name/],
    [
      '{"hostname":"m.example.com","certificate":{"issuer":{"name":"a"},"secretName":"b"}}',
      /gateway\.certificate: must have secretName or issuer, not both/,
    ],
  ])("gateway: %s", (gateway, message) => {
    expect(problems({ ...valid, "media-platform:gateway": gateway })).toMatch(message);
  });

  const oidc = {
    issuer: "https://id.example.com",
    clientId: "media",
    clientSecret: "a-long-secret",
    adminValues: ["a"],
  };

  test.each([
    ["the whole of it, as the control", { oidc }, /^none$/],
    [
      "a provider without TLS",
      { oidc: { ...oidc, issuer: "http://id.example.com" } },
      /auth\.oidc\.issuer: must be an https/,
    ],
    ["nobody who is an administrator", { oidc: { ...oidc, adminValues: [] } }, /auth\.oidc\.adminValues/],
    ["no secret", { oidc: { ...oidc, clientSecret: undefined } }, /auth\.oidc\.clientSecret/],
    ["no way to sign in", { localAccounts: false }, /auth\.localAccounts: must be true without oidc/],
  ])("people's sign-in: %s", (_name, auth, message) => {
    const gateway = { "media-platform:gateway": '{"hostname":"media.example.com"}' };
    const found = (more: object) => problems({ ...valid, ...more, "media-platform:auth": JSON.stringify(auth) });
    expect(found(gateway)).toMatch(message);
    // What is wrong by itself is told first.
    if (message.source === "^none$")
      expect(found({})).toMatch(/gateway\.hostname: is missing: the provider of auth\.oidc/);
  });

  test("an authority that has ended is said", () => {
    const certificates = '{"notAfter":"2026-06-01","asOf":"2026-06-01"}';
    expect(problems({ ...valid, "media-platform:certificates": certificates })).toMatch(/notAfter: has passed/);
  });

  test("without the doubles, everything about the upstreams that is missing, at once", () => {
    const backups = '{"endpoint":"https://s3.example.com","bucket":"media","accessKey":"a","secretKey":"s"}';
    const layers = { "media-platform:layers": '["data","app"]', "media-platform:backups": backups };
    const app = (settings: object) => ({
      ...valid,
      ...layers,
      "media-platform:app": JSON.stringify({ devToken: true, ...settings }),
    });
    const message = problems(app({ doubles: false, upstreams: { tmdb: { baseUrl: "https://api.themoviedb.org" } } }));
    expect(message).toContain("has 7 problems:");
    expect(message).not.toContain("app.upstreams.tmdb.baseUrl");
    for (const name of upstreamNames)
      expect(message).toMatch(new RegExp(`app\\.upstreams\\.${name}\\.credential: is missing: .*; for example "…"`));
    expect(message).toContain(
      'app.upstreams.plex.baseUrl: is missing: no double answers here (app.doubles is false); for example "https://plex.',
    );
    expect(problems(app({ doubles: true }))).toBe("none");
    expect(problems({ ...valid, "media-platform:app": '{"doubles":false}' })).toBe("none"); // no app in this stack
  });

  test("without the dev token the app needs a first administrator", () => {
    const backups = '{"endpoint":"https://s3.example.com","bucket":"media","accessKey":"a","secretKey":"s"}';
    const layers = { "media-platform:layers": '["data","app"]', "media-platform:backups": backups };
    const app = (settings: object) => problems({ ...valid, ...layers, "media-platform:app": JSON.stringify(settings) });
    expect(app({})).toMatch(/app\.firstAdmin: is missing: without app\.devToken .*; for example "admin@example\.com"/);
    expect(app({ firstAdmin: "root@example.com" })).toBe("none");
    expect(app({ devToken: true })).toBe("none");
  });

  test.each([
    ['{"upstreams":{"plex":{"baseUrl":"http://plex:32400"}}}', /upstreams\.plex\.baseUrl: must be .*full host name/],
    ['{"upstreams":{"plex":{"baseUrl":"ftp://plex.example.com"}}}', /upstreams\.plex\.baseUrl: must be an http/],
    ['{"upstreams":{"plx":{}}}', /upstreams\.plx: is not a key of this program/],
    ['{"upstreams":{"plex":{"token":"x"}}}', /upstreams\.plex\.token: is not a key of this program/],
    ['{"upstreams":{"plex":{"credential":""}}}', /upstreams\.plex\.credential: /],
    ['{"loginRateLimitPerMinute":0}', /app\.loginRateLimitPerMinute: .*for example 10/],
  ])("%s", (app, message) => {
    expect(problems({ ...valid, "media-platform:app": app })).toMatch(message);
  });

  test("the old name of a key is told its new one", () => {
    const message = problems({ ...valid, "media-platform:app": '{"outside":{"plex":{}}}' });
    expect(message).toContain("app.outside was renamed app.upstreams: rename the key in Pulumi.dev.yaml");
  });

  test("an address on a private network is given as such", () => {
    const config = load({
      ...valid,
      "media-platform:app": '{"upstreams":{"plex":{"baseUrl":"http://192.168.1.7:1"}}}',
    });
    expect(config.app.upstreams.plex.baseUrl).toBe("http://192.168.1.7:1");
  });

  test("the example of a section serves keys that have none", () => {
    const message = problems({ ...valid, "media-platform:images": '{"registry":"r","pinned":{"redis":"r:latest"}}' });
    expect(message).toMatch(/images\.pinned\.redis: must be a reference by digest; for example images\.pinned: \{/);
  });

  test("a key of no section has no example", () => {
    expect(problems({ ...valid, "media-platform:nonsense": "1" })).toContain("nonsense: is not a key of this program");
  });

  test("a broken overlay names its file and the remedy", () => {
    expect(problems(valid, "{")).toMatch(/dev\.json is not valid JSON: .*make up/);
  });
});

test("what is no object replaces what was there", () => {
  expect(merge({ a: { b: 1, c: [1, 2] } }, { a: { c: [3] }, d: null })).toEqual({ a: { b: 1, c: [3] }, d: null });
  expect(merge({ a: 1 }, 2)).toBe(2);
});

test("every example names a key that the schema has", () => {
  const message = Object.keys(examples).map((path) => {
    let node = schema.shape as Record<string, unknown>;
    for (const key of path.split(".")) {
      const found = node[key] as { def: { innerType?: unknown }; shape?: Record<string, unknown> } | undefined;
      if (!found) return path;
      const inner = (found.shape ? found : (found.def.innerType ?? found)) as { shape?: Record<string, unknown> };
      node = inner.shape ?? {};
    }
    return undefined;
  });
  expect(message.filter(Boolean)).toEqual([]);
});

test("larger tiers are larger", () => {
  expect(tiers.small.postgres.memoryMi).toBeLessThan(tiers.medium.postgres.memoryMi);
  expect(tiers.medium.postgres.memoryMi).toBeLessThan(tiers.large.postgres.memoryMi);
  // The database's own memory and its clients' must fit into the limit of the pod.
  for (const { postgres } of Object.values(tiers)) {
    expect(postgres.sharedBuffersMi + postgres.maxConnections * 4).toBeLessThan(postgres.memoryMi);
  }
});
