import { readFileSync } from "node:fs";
import { expect, test } from "@jest/globals";
import { tiers } from "../config/tiers.ts";
import { nginxConfig } from "./gateway/gateway.plan.ts";
import { BUILDS } from "./image.plan.ts";
import { webPlan } from "./web.plan.ts";

const image = { reference: "registry/web@sha256:1", version: "1.2.3" };
const plan = webPlan({ sizes: tiers.small.web, app: { autoscale: true, realUserSampleRatio: 0.5 }, image });
const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");

test("it asks the api alone, keeps nothing, and has two pods in the smallest tier", () => {
  expect(plan).toMatchObject({
    replicas: 2,
    connectsTo: ["api:http"],
    env: { API_URL: "http://api:8080", PORT: "3000" },
  });
  expect([plan.secrets, plan.volumes, plan.files]).toEqual([undefined, undefined, undefined]);
  expect(plan.env?.REAL_USER_SAMPLE_RATIO).toBe("0.5");
});

test("it keeps an idle connection for longer than the gateway does, so that no request meets a closed one", () => {
  const app = { upstreams: {}, rateLimitPerSecond: 1, traceSampleRatio: 0 } as never;
  const upstream = /upstream web \{([^}]*)\}/.exec(nginxConfig(app))?.[1] ?? "";
  const seconds = Number(/keepalive_timeout (\d+)s/.exec(upstream)?.[1]);
  expect(seconds).toBeGreaterThan(0);
  expect(Number(plan.env?.KEEP_ALIVE_TIMEOUT)).toBeGreaterThan(seconds * 1_000);
});

test("everything that its build copies is part of its hash, and nothing else", () => {
  const copied = [...read("web/Dockerfile").matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, files]) =>
    (files as string).split(" ").map((file) => `web/${file}`),
  );
  const inputs = [...copied, "web/.dockerignore", "web/Dockerfile"];
  expect([...new Set(inputs)].sort()).toEqual([...BUILDS.web.inputs].sort());
});
