import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createLogger } from "../src/observability/log.ts";
import * as names from "../src/observability/metrics/names.ts";
import { loadConfig } from "../src/process/config.ts";
import type { Running } from "../src/process/lifecycle.ts";
import { startDoubles } from "../src/processes/doubles.ts";
import { type Spawned, setKnobs, spawnProcess } from "./platform.ts";
import { freePorts } from "./programs.ts";
import { type Pushgateway, startPushgateway } from "./pushgateway.ts";

const SERVICES = ["tmdb", "plex", "youtube", "overseerr"] as const;
const PROBES = [names.PROBE_SUCCESS, names.PROBE_DURATION_SECONDS, names.PROBE_LAST_SUCCESS_TIMESTAMP_SECONDS];

const folder = mkdtempSync(join(tmpdir(), "media-prober-"));
let doubles: Running;
let pushgateway: Pushgateway;

beforeAll(async () => {
  const log = createLogger({ process: "doubles", SERVICE_VERSION: "test", LOG_LEVEL: "fatal" });
  doubles = await startDoubles(loadConfig("doubles", { HTTP_PORT: "0", ADMIN_PORT: "0", DRAIN_SECONDS: "0" }), { log });
  pushgateway = await startPushgateway(folder);
});
afterAll(async () => {
  await pushgateway?.stop("SIGKILL");
  await doubles?.drain();
  rmSync(folder, { recursive: true, force: true });
});
afterEach(() => Promise.all(SERVICES.map((service) => knobs(service, {}))));

const knobs = (service: string, change: object) => setKnobs(doubles.httpPort, service, change);

function round(changes: Record<string, string> = {}): Spawned {
  const urls = SERVICES.map((name) => [
    `${name.toUpperCase()}_BASE_URL`,
    `http://127.0.0.1:${doubles.httpPort}/${name}`,
  ]);
  return spawnProcess("prober", { ...Object.fromEntries(urls), PUSHGATEWAY_URL: pushgateway.url(), ...changes });
}

/** A pushed value, of the job `prober` and without an instance, as Prometheus would read it. */
async function pushed(name: string, service: string): Promise<number | undefined> {
  const text = await (await fetch(`${pushgateway.url()}/metrics`)).text();
  const sample = `${name}{instance="",job="prober",service="${service}"} `;
  const line = text.split("\n").find((candidate) => candidate.startsWith(sample));
  return line === undefined ? undefined : Number(line.slice(sample.length));
}

const success = () => Promise.all(SERVICES.map((service) => pushed(names.PROBE_SUCCESS, service)));

test("a round in good health: every service with its success, its time and when that was", async () => {
  const before = Date.now() / 1_000 - 1;
  expect(await round().exit).toBe(0);
  expect(await success()).toEqual([1, 1, 1, 1]);
  for (const service of SERVICES) {
    expect(await pushed(names.PROBE_DURATION_SECONDS, service)).toBeGreaterThan(0);
    expect(await pushed(names.PROBE_LAST_SUCCESS_TIMESTAMP_SECONDS, service)).toBeGreaterThan(before);
  }
});

test("a service that is down is a finding: the others are as they were, its last success stays, and the exit is 0", async () => {
  expect(await round().exit).toBe(0);
  const at = await pushed(names.PROBE_LAST_SUCCESS_TIMESTAMP_SECONDS, "plex");
  await knobs("plex", { errorRate: 1 });
  const run = round();
  expect(await run.closed).toBe(0);
  expect(await success()).toEqual([1, 0, 1, 1]);
  expect(await pushed(names.PROBE_LAST_SUCCESS_TIMESTAMP_SECONDS, "plex")).toBe(at);
  expect(run.lines.filter((line) => line.includes('"upstream":"plex"'))).toHaveLength(1);
});

test.each([
  ["refuses the credential", { errorRate: 1, errorStatus: 401 }],
  ["does not know the route", { errorRate: 1, errorStatus: 404 }],
  ["talks garbage", { garbage: true }],
])("a service that %s is not well", async (_, change) => {
  await Promise.all(SERVICES.map((service) => knobs(service, change)));
  expect(await round().exit).toBe(0);
  expect(await success()).toEqual([0, 0, 0, 0]);
});

test("a single failed call is no outage: the policy calls again", async () => {
  await knobs("overseerr", { errorRate: 0.5 });
  expect([await round().exit, await round().exit]).toEqual([0, 0]);
  expect(await pushed(names.PROBE_SUCCESS, "overseerr")).toBe(1);
});

test.each([
  ["a moment", 2_000, 1],
  ["too long", 9_000, 0],
])("a network that refuses connections for %s", async (_, afterMs, expected) => {
  const [port] = await freePorts(1);
  const run = round({ PLEX_BASE_URL: `http://127.0.0.1:${port}` });
  const identity = JSON.stringify({ MediaContainer: { machineIdentifier: "late" } });
  const server = createServer((_req, res) => res.end(identity));
  const late = setTimeout(() => server.listen(port, "127.0.0.1"), afterMs);
  expect(await run.closed).toBe(0);
  clearTimeout(late);
  server.close();
  server.closeAllConnections();
  expect(await success()).toEqual([1, expected, 1, 1]);
});

test("services that do not answer cost their deadlines and no more, all at once", async () => {
  await Promise.all(SERVICES.map((service) => knobs(service, { latencyMs: 60_000 })));
  expect(await round().exit).toBe(0);
  expect(await success()).toEqual([0, 0, 0, 0]);
  for (const service of SERVICES) {
    const seconds = (await pushed(names.PROBE_DURATION_SECONDS, service)) ?? 0;
    expect(seconds).toBeGreaterThan(4.5); // three tries of 1.5 s
    expect(seconds).toBeLessThan(10);
  }
});

test("no Pushgateway to take the findings: exit 1, and the log says why", async () => {
  const run = round({ PUSHGATEWAY_URL: "http://127.0.0.1:1" });
  expect(await run.closed).toBe(1);
  expect(run.lines.at(-1)).toContain("4 findings could not be pushed");
});

test("Pushgateway refuses, or says nothing: exit 1", async () => {
  const server = createServer((req, res) => {
    if (req.url?.includes("plex")) res.writeHead(503).end("full");
    else if (!req.url?.includes("tmdb")) res.end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const run = round({ PUSHGATEWAY_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
  expect(await run.closed).toBe(1);
  expect(run.lines.at(-1)).toContain("2 findings could not be pushed");
  server.close();
  server.closeAllConnections();
});

test("a signal ends it with 1", async () => {
  await Promise.all(SERVICES.map((service) => knobs(service, { latencyMs: 60_000 })));
  const run = round();
  await run.logged("started");
  run.child.kill("SIGTERM");
  expect(await run.closed).toBe(1);
  expect(run.lines.at(-1)).toContain("a signal came before the work was done");
});

test("what was pushed outlives a restart of Pushgateway; only the three names are pushed", async () => {
  expect(await round().exit).toBe(0);
  const before = await pushed(names.PROBE_LAST_SUCCESS_TIMESTAMP_SECONDS, "tmdb");
  await pushgateway.stop("SIGTERM");
  await expect(fetch(pushgateway.url())).rejects.toThrow();
  await pushgateway.start();
  expect(await pushed(names.PROBE_LAST_SUCCESS_TIMESTAMP_SECONDS, "tmdb")).toBe(before);
  const text = await (await fetch(`${pushgateway.url()}/metrics`)).text();
  const found = text.match(/^\w+(?=\{.*job="prober")/gm) ?? [];
  const own = ["push_failure_time_seconds", "push_time_seconds"];
  expect([...new Set(found)].sort()).toEqual([...PROBES, ...own].sort());
});
