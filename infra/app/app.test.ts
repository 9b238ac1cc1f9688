import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { CATALOGUE, type ProblemCode } from "@media/service/problems";
import { outsideNames } from "../config/outside.ts";
import { tiers } from "../config/tiers.ts";
import { gatewayPlan, nginxConfig } from "./gateway/gateway.plan.ts";
import { PROBLEMS } from "./gateway/problems.ts";
import { hashOfInputs } from "./image.plan.ts";
import { apiPlan, doublesPlan, proberPlan, type ServiceArgs, workerPlan } from "./service.plan.ts";

/** Socket.IO's server speaks at least every 25 s. */
const PING_SECONDS = 25;

const app: ServiceArgs["app"] = {
  outside: { tmdb: {}, plex: {}, youtube: {}, overseerr: {} },
  doubles: true,
  devToken: true,
  rateLimitPerSecond: 50,
  rateLimitPerMinute: 600,
  visitorRateLimitPerMinute: 7,
  loginRateLimitPerMinute: 3,
  traceSampleRatio: 0.25,
  logLevel: "info",
};
const args: ServiceArgs = {
  tier: tiers.small,
  app,
  image: { reference: "registry/service@sha256:1", version: "1.2.3" },
  databaseUser: "media_0a1b2c3d",
  secrets: {
    "database-password": "d",
    "dev-token": "t",
    "token-key": "k",
    ...Object.fromEntries(outsideNames.map((name) => [`${name}-credential`, name])),
  },
  traced: true,
};

describe("the service's processes", () => {
  test("run from one image, each under its own name", () => {
    const plans = [apiPlan(args), workerPlan(args), doublesPlan(args), proberPlan(args)];
    const names = ["api", "worker", "doubles", "prober"];
    expect(plans.map(({ name }) => name)).toEqual(names);
    const started = plans.map(({ command }) => command?.filter((word) => !String(word).startsWith("--")).join(" "));
    expect(started).toEqual(names.map((name) => `node service/src/main.ts ${name}`));
  });

  test("leave room in their pods for what is not JavaScript's", () => {
    for (const { command, resources } of [apiPlan(args), workerPlan(args), doublesPlan(args), proberPlan(args)]) {
      const old = Number(/--max-old-space-size=(\d+)/.exec(command?.join(" ") ?? "")?.[1]);
      expect(old).toBeGreaterThan(60);
      expect(old).toBeLessThan(resources.memoryMi / 2);
    }
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

  test("get only the secrets that they use", () => {
    expect(workerPlan(args).secrets?.media?.data).toEqual({
      "database-password": "d",
      "overseerr-credential": "overseerr",
    });
    expect(doublesPlan(args).secrets).toBeUndefined();
    expect(Object.keys(proberPlan(args).secrets?.media?.data ?? {})).toEqual(
      outsideNames.map((name) => `${name}-credential`),
    );
  });

  test("limit as configured, and have pools of the tier's size", () => {
    expect(apiPlan(args).env).toMatchObject({
      LOGIN_RATE_LIMIT_PER_MINUTE: "3",
      RATE_LIMIT_PER_MINUTE: "600",
      VISITOR_RATE_LIMIT_PER_MINUTE: "7",
      PG_POOL_MAX: String(tiers.small.api.poolMax),
    });
    expect(workerPlan(args).env?.PG_POOL_MAX).toBe(String(tiers.small.worker.poolMax));
  });

  test("know of no dev token where there is none", () => {
    const { env } = apiPlan({ ...args, secrets: { "database-password": "d" } });
    expect(env).not.toHaveProperty("DEV_TOKEN_FILE");
  });

  test("send traces only where somebody collects them", () => {
    expect(doublesPlan(args)).toMatchObject({
      env: { OTEL_EXPORTER_OTLP_ENDPOINT: "http://collector:4318" },
      connectsTo: ["collector:otlp-http"],
    });
    expect(doublesPlan({ ...args, traced: false }).connectsTo).toEqual([]);
  });

  test("ask the doubles, or where the configuration says, and each its own", () => {
    const own = { tmdb: { baseUrl: "https://api.themoviedb.org" }, plex: { baseUrl: "http://192.168.1.7:32400" } };
    const some: ServiceArgs["app"] = { ...app, outside: { ...app.outside, ...own } };
    const elsewhere = { youtube: { baseUrl: "https://y.example" }, overseerr: { baseUrl: "https://o.example" } };
    const none: ServiceArgs["app"] = { ...some, outside: { ...own, ...elsewhere } };
    const links = (settings: ServiceArgs["app"]) =>
      apiPlan({ ...args, app: settings }).connectsTo?.filter((link) => /doubles|outside/.test(link));
    expect([app, some, none].map(links)).toEqual([
      ["doubles:http"],
      ["doubles:http", "outside-services"],
      ["outside-services"],
    ]);
    expect(proberPlan({ ...args, app: some }).env).toMatchObject({
      TMDB_BASE_URL: "https://api.themoviedb.org",
      PLEX_BASE_URL: "http://192.168.1.7:32400",
      YOUTUBE_BASE_URL: "http://doubles:8080/youtube",
      OVERSEERR_BASE_URL: "http://doubles:8080/overseerr",
    });
    expect(links(app)).not.toContain("outside-services");
    // The worker asks Overseerr, and nobody else.
    const worked = (settings: ServiceArgs["app"]) => workerPlan({ ...args, app: settings });
    const outside = (settings: ServiceArgs["app"]) =>
      worked(settings).connectsTo?.filter((link) => /doubles|outside/.test(link));
    expect([app, some, none].map(outside)).toEqual([["doubles:http"], ["doubles:http"], ["outside-services"]]);
    const urls = Object.keys(worked(some).env ?? {}).filter((name) => name.endsWith("_BASE_URL"));
    expect(urls).toEqual(["OVERSEERR_BASE_URL"]);
  });

  test("the prober's round ends before the next one begins, and nobody connects to it", () => {
    const { kind, schedule, metrics, connectsTo } = proberPlan(args);
    expect([kind, schedule?.cron, metrics]).toEqual(["CronJob", "* * * * *", undefined]);
    expect(schedule?.deadlineSeconds).toBeLessThan(60);
    expect(connectsTo).toEqual(["doubles:http", "pushgateway:http"]);
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

  test.each(Object.keys(PROBLEMS).map(Number))(
    "its own error %d is a problem document with the request's id",
    (status) => {
      const text = nginxConfig(app);
      const body = new RegExp(`return ${status} '(.*)';`).exec(text)?.[1] ?? "";
      const { type, hint, ...rest } = JSON.parse(body);
      expect(rest).toMatchObject({ status, requestId: "$request_id" });
      expect(hint).toMatch(/^[A-Z].*\.$/);
      if (type === "about:blank") expect(rest).not.toHaveProperty("code");
      else expect([type, CATALOGUE[rest.code as ProblemCode]]).toMatchObject([`/problems/${rest.code}`, { status }]);
      // nginx would take them for the string's end, and for a variable.
      expect(body.replace("$request_id", "")).not.toMatch(/['$\\]/);
      expect(text).toMatch(new RegExp(`error_page [\\d ]+ =${status} /-/problems/${status};`));
    },
  );

  test("keeps a socket open for longer than its two ends are silent", () => {
    const location = /location \/socket\.io\/ \{([^}]*)\}/.exec(nginxConfig(app))?.[1] ?? "";
    expect(location).toContain("proxy_set_header Upgrade $http_upgrade;");
    const seconds = Number(/proxy_read_timeout (\d+)s;/.exec(location)?.[1]);
    expect(seconds).toBeGreaterThan(PING_SECONDS);
  });

  test("knows every error that nginx can give by itself in this configuration", () => {
    expect(Object.keys(PROBLEMS)).toEqual(
      expect.arrayContaining(["400", "404", "413", "414", "429", "431", "502", "504"]),
    );
    const codes = [...nginxConfig(app).matchAll(/error_page ([\d ]+) =/g)].flatMap(([, list]) => list?.split(" "));
    expect(codes).toEqual(expect.arrayContaining(["494", "495", "496", "497"]));
    expect(new Set(codes).size).toBe(codes.length);
  });

  test("says when to come back to whom it sends away or cannot serve", () => {
    const waits = Object.entries(PROBLEMS).filter(([, { retryAfter }]) => retryAfter !== undefined);
    expect(waits.map(([status]) => status)).toEqual(["429", "502", "503", "504"]);
    expect(nginxConfig(app).match(/add_header Retry-After/g)).toHaveLength(waits.length);
  });

  test("its errors keep the headers that every answer has", () => {
    const server = [...nginxConfig(app).matchAll(/^ {4}add_header (\S+ .*) always;/gm)].map(([, header]) => header);
    const location = /location = \/-\/problems\/404 \{([^}]*)/.exec(nginxConfig(app))?.[1] ?? "";
    for (const header of server) expect(location).toContain(`add_header ${header} always;`);
    expect(server).toHaveLength(4);
  });

  test("is scraped where its counts are", () => {
    const plan = gatewayPlan({ tier: tiers.small, app, certificate: "CERT", key: "KEY" });
    expect(plan.metrics).toEqual({ port: "status" });
    expect(Object.keys(plan.files?.config?.data ?? {})).toEqual(["metrics.js", "nginx.conf"]);
    expect(nginxConfig(app)).toContain("js_import metrics from /etc/nginx/metrics.js;");
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
