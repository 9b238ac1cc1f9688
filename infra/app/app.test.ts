import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { tiers } from "../config/tiers.ts";
import { gatewayPlan, nginxConfig } from "./gateway/gateway.plan.ts";
import { hashOfInputs } from "./image.plan.ts";
import { apiPlan, doublesPlan, type ServiceArgs, workerPlan } from "./service.plan.ts";

/** Socket.IO's server speaks at least every 25 s. */
const PING_SECONDS = 25;

const app: ServiceArgs["app"] = {
  tmdbBaseUrl: "http://doubles:8080/tmdb",
  doubles: true,
  devToken: true,
  rateLimitPerSecond: 50,
  traceSampleRatio: 0.25,
  logLevel: "info",
};
const args: ServiceArgs = {
  tier: tiers.small,
  app,
  image: { reference: "registry/service@sha256:1", version: "1.2.3" },
  secrets: { "database-password": "d", "dev-token": "t" },
  traced: true,
};

describe("the service's processes", () => {
  test("run from one image, each under its own name", () => {
    const commands = [apiPlan(args), workerPlan(args), doublesPlan(args)].map(({ command }) => command?.join(" "));
    expect(commands).toEqual(["api", "worker", "doubles"].map((name) => `node service/src/main.ts ${name}`));
  });

  test("get addresses in their environment and passwords as files", () => {
    const { env, secrets } = apiPlan(args);
    expect(env).toMatchObject({
      PGHOST: "pgbouncer",
      MIGRATE_PGHOST: "postgres",
      REDIS_STATE_SENTINELS: "redis-state-sentinel:26379",
      PGPASSWORD_FILE: "/run/secrets/media/database-password",
      DEV_TOKEN_FILE: "/run/secrets/media/dev-token",
      SERVICE_VERSION: "1.2.3",
    });
    expect(secrets?.media).toEqual({ path: "/run/secrets/media", data: args.secrets });
  });

  test("know of no dev token where there is none", () => {
    const { env } = workerPlan({ ...args, secrets: { "database-password": "d" } });
    expect(env).not.toHaveProperty("DEV_TOKEN_FILE");
  });

  test("send traces only where somebody collects them", () => {
    expect(doublesPlan(args)).toMatchObject({
      env: { OTEL_EXPORTER_OTLP_ENDPOINT: "http://collector:4318" },
      connectsTo: ["collector:otlp-http"],
    });
    expect(doublesPlan({ ...args, traced: false }).connectsTo).toEqual([]);
  });

  test("ask the double, or the internet", () => {
    expect(apiPlan(args).connectsTo).toContain("doubles:http");
    const real = apiPlan({ ...args, app: { ...app, doubles: false } }).connectsTo;
    expect(real).toContain("internet");
    expect(real).not.toContain("doubles:http");
    expect(workerPlan(args).connectsTo).toContain("doubles:http");
  });

  test("have longer to stop than they take to drain", () => {
    const { env, drain } = apiPlan(args);
    expect(drain?.graceSeconds).toBeGreaterThan(Number(env?.DRAIN_SECONDS) + 15);
  });
});

describe("the gateway", () => {
  test("limits as configured and knows its upstream", () => {
    const text = nginxConfig(app);
    expect(text).toContain("rate=50r/s");
    expect(text).toContain("burst=100 nodelay");
    expect(text).toContain("server api:8080 max_fails=0;");
    expect(text).not.toMatch(/\{\{|\}\}/);
  });

  test.each([
    [0, "* 00;"],
    [0.001, "0.10% 01; * 00;"],
    [0.25, "25.00% 01; * 00;"],
    [1, "* 01;"],
  ])("a share of %p of the traces that begin here is kept: %s", (traceSampleRatio, rules) => {
    expect(nginxConfig({ ...app, traceSampleRatio })).toContain(`    ${rules}\n`);
  });

  test.each([400, 404, 413, 429, 502, 503, 504])(
    "its own error %d is a problem document with the request's id",
    (status) => {
      const body = new RegExp(`return ${status} '(.*)';`).exec(nginxConfig(app))?.[1] ?? "";
      expect(JSON.parse(body)).toMatchObject({ type: "about:blank", status, requestId: "$request_id" });
      expect(nginxConfig(app)).toContain(`error_page ${status} @problem-${status};`);
    },
  );

  test("keeps a socket open for longer than its two ends are silent", () => {
    const location = /location \/socket\.io\/ \{([^}]*)\}/.exec(nginxConfig(app))?.[1] ?? "";
    expect(location).toContain("proxy_set_header Upgrade $http_upgrade;");
    const seconds = Number(/proxy_read_timeout (\d+)s;/.exec(location)?.[1]);
    expect(seconds).toBeGreaterThan(PING_SECONDS);
  });

  test("says when to come back to whom it sends away", () => {
    expect(nginxConfig(app).match(/Retry-After/g)).toHaveLength(1);
  });

  test("has its key in a secret", () => {
    const { secrets } = gatewayPlan({ tier: tiers.small, app, certificate: "CERT", key: "KEY" });
    expect(secrets?.tls?.data).toEqual({ "tls.crt": "CERT", "tls.key": "KEY" });
  });
});

describe("the hash of an image's inputs", () => {
  const root = mkdtempSync(join(tmpdir(), "media-inputs-"));
  mkdirSync(join(root, "service/src/node_modules"), { recursive: true });
  writeFileSync(join(root, "package.json"), "{}");
  writeFileSync(join(root, "service/src/main.ts"), "1");
  const hash = (...extra: string[]) => hashOfInputs(root, ["package.json", "service", ".npmrc"], extra);
  const before = hash();

  test("stays when nothing that goes into the image changes", () => {
    writeFileSync(join(root, "service/src/main.test.ts"), "a test");
    writeFileSync(join(root, "service/src/node_modules/x.js"), "installed");
    writeFileSync(join(root, "README.md"), "words");
    expect(hash()).toBe(before);
  });

  test("changes with a file's content, with a new file and with the base image", () => {
    expect(hash("node@sha256:2")).not.toBe(before);
    writeFileSync(join(root, "service/src/main.ts"), "2");
    const changed = hash();
    expect(changed).not.toBe(before);
    writeFileSync(join(root, ".npmrc"), "x=1");
    expect(hash()).not.toBe(changed);
  });
});
