import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, expect, test } from "@jest/globals";
import { nginxConfig } from "./gateway.plan.ts";

/** The gateway's own configuration in a real nginx, before a service that a test makes up. */
const folder = mkdtempSync(join(tmpdir(), "media-edge-"));
let service: Server;
let nginx: ChildProcess;
let port = 0;
let statusPort = 0;
let answer: { status: number; headers: Record<string, string> };
let seen: { url: string | undefined; headers: IncomingHttpHeaders }[] = [];

const PUBLIC = "public, max-age=1, s-maxage=1, stale-while-revalidate=1, stale-if-error=86400";
const catalogue = "/api/v1/discover?mediaType=movie";

beforeAll(async () => {
  service = createServer((req, res) => {
    seen.push({ url: req.url, headers: req.headers });
    setTimeout(() => res.writeHead(answer.status, answer.headers).end(`answer ${seen.length}`), 50);
  });
  [port, statusPort] = [await freePort(), await freePort()];
  const apiPort = await listening(service);
  writeFileSync(join(folder, "nginx.conf"), onThisMachine(apiPort));
  nginx = spawn("nginx", ["-c", join(folder, "nginx.conf"), "-g", "daemon off;"], {
    env: { PATH: `${process.env.PATH}:/usr/sbin` },
    stdio: "ignore",
  });
  for (let n = 0; n < 100 && !(await get("/").catch(() => undefined)); n++) await sleep(50);
});
afterAll(async () => {
  const gone = nginx.exitCode ?? new Promise((resolve) => nginx.once("exit", resolve));
  nginx.kill("SIGTERM");
  await gone;
  service.closeAllConnections();
  service.close();
  rmSync(folder, { recursive: true });
});
beforeEach(() => {
  seen = [];
  answer = { status: 200, headers: { "cache-control": PUBLIC, "content-type": "application/json" } };
});

test("the same for everybody is fetched once, without anybody's token, and says that it was kept", async () => {
  const path = `${catalogue}&page=1`;
  const first = await get(path, { authorization: "Bearer ann" });
  const second = await get(path, { authorization: "Bearer ben" });
  expect([first.cache, second.cache, seen.length]).toEqual(["MISS", "HIT", 1]);
  expect(second.text).toBe(first.text);
  expect(seen[0]?.headers.authorization).toBeUndefined();
  expect(second.id).not.toBe(first.id);
  expect((await get(`${catalogue}&page=2`)).cache).toBe("MISS");
});

test("many who miss at once are one request", async () => {
  const path = "/api/v1/titles/movie/603/trailers";
  await Promise.all(Array.from({ length: 20 }, () => get(path)));
  expect(seen).toHaveLength(1);
});

test("what is one person's is never kept, whatever its answer claims; its token goes through", async () => {
  for (const path of [
    "/api/v1/requests",
    "/api/v1/requests/7",
    "/api/v1/library",
    "/api/v1/admin/users",
    "/problems/x",
  ]) {
    const answers = [
      await get(path, { authorization: "Bearer ann" }),
      await get(path, { authorization: "Bearer ben" }),
    ];
    expect(answers.map(({ cache }) => cache)).toEqual([null, null]);
  }
  expect(seen).toHaveLength(10);
  expect(seen[1]?.headers.authorization).toBe("Bearer ben");
});

test.each(["private, no-cache", "no-store", "private, max-age=60"])(
  "nor is a catalogue's answer that says %s",
  async (words) => {
    answer.headers["cache-control"] = words;
    const path = `${catalogue}&page=3&words=${words.length}`;
    expect([(await get(path)).cache, (await get(path)).cache]).toEqual(["MISS", "MISS"]);
    expect(seen).toHaveLength(2);
  },
);

test("past its time an entry answers while it is fetched anew, and for as long as the service is broken", async () => {
  const path = `${catalogue}&page=4`;
  const { text } = await get(path);
  await sleep(1_300);
  answer.status = 503;
  answer.headers["cache-control"] = "no-store";
  await get(path);
  await sleep(1_500);
  expect(await get(path)).toMatchObject({ status: 200, text });
  // The control: what was never kept is the service's error.
  expect((await get(`${catalogue}&page=5`)).status).toBe(503);
});

test("an entry can be replaced from inside the pod, and from nowhere else", async () => {
  const path = `${catalogue}&page=6`;
  await get(path);
  const purged = await fetch(`http://127.0.0.1:${statusPort}/purge${path}`);
  expect([purged.status, purged.headers.get("x-cache-status"), seen.length]).toEqual([200, "BYPASS", 2]);
  expect(await get(path)).toMatchObject({ cache: "HIT", text: "answer 2" });
  expect((await get(`/purge${path}`)).status).toBe(404);
  expect((await fetch(`http://127.0.0.1:${statusPort}/purge/api/v1/requests`)).status).toBe(404);
});

async function get(path: string, headers: Record<string, string> = {}) {
  const response = await fetch(`http://127.0.0.1:${port}${path}`, { headers });
  const { status } = response;
  const [cache, id] = [response.headers.get("x-cache-status"), response.headers.get("x-request-id")];
  return { status, text: await response.text(), cache, id };
}

/** Other places, other ports, no TLS and no njs (its counting has metrics.test.ts); all else stays as it is in a pod. */
function onThisMachine(apiPort: number): string {
  const app = {
    outside: { tmdb: {}, plex: {}, youtube: {}, overseerr: {} },
    doubles: true,
    devToken: true,
    rateLimitPerSecond: 5_000,
    rateLimitPerMinute: 600,
    visitorRateLimitPerMinute: 60,
    loginRateLimitPerMinute: 10,
    traceSampleRatio: 0,
    logLevel: "info",
  } as const;
  mkdirSync(join(folder, "cache"));
  const text = nginxConfig(app)
    .replace(/^\s*(ssl_.*|http2 on|load_module .*|js_.*);$/gm, "")
    .replace("$answered_by", "")
    .replace(/listen 8443 ssl;/, `listen 127.0.0.1:${port};`)
    .replace(/listen 8081;/, `listen 127.0.0.1:${statusPort};`)
    .replace("server api:8080", `server 127.0.0.1:${apiPort}`)
    .replaceAll("/tmp/", `${folder}/`)
    .replace("/var/cache/nginx", join(folder, "cache"))
    .replace("/dev/stdout", join(folder, "access.log"))
    .replace("/dev/stderr", join(folder, "error.log"));
  return process.getuid?.() === 0 ? `user root;\n${text}` : text;
}

function listening(server: Server): Promise<number> {
  return new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve((server.address() as AddressInfo).port)));
}

async function freePort(): Promise<number> {
  const server = createServer();
  const free = await listening(server);
  await new Promise((resolve) => server.close(resolve));
  return free;
}
