import { request } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import type { ProcessName } from "../src/process/config.ts";
import { call, post } from "./calls.ts";
import { eventually, meddle, type Platform, type Spawned, startPlatform } from "./platform.ts";
import { freePorts } from "./programs.ts";

let platform: Platform;
let nextId = 20_000;

beforeAll(async () => {
  platform = await startPlatform();
});
afterAll(() => platform?.stop());
afterEach(() => platform.knobs());

const wish = () => ({ mediaType: "movie", tmdbId: ++nextId });

async function started(process: Spawned): Promise<{ httpPort: number; adminPort: number }> {
  const line = await process.logged("started");
  return { httpPort: Number(line.httpPort), adminPort: Number(line.adminPort) };
}

test("SIGTERM: unready at once, still serving, then closed, and exit code 0", async () => {
  const api = platform.spawn("api", { DRAIN_SECONDS: "2" });
  const { httpPort, adminPort } = await started(api);
  await eventually(async () => expect((await call(adminPort, "/readyz")).status).toBe(200));
  const signalled = Date.now();
  api.child.kill("SIGTERM");
  await eventually(
    async () => expect(await call(adminPort, "/readyz")).toMatchObject({ status: 503, body: { status: "draining" } }),
    1_000,
  );
  const during = await post(httpPort, wish());
  expect(during.status).toBe(201);
  expect(during.headers.get("connection")).toBe("close");
  expect(await api.exit).toBe(0);
  expect(Date.now() - signalled).toBeGreaterThanOrEqual(2_000);
  await expect(call(httpPort, "/problems/internal")).rejects.toThrow();
});

test("a request in flight when the server closes gets its answer", async () => {
  await platform.knobs({ latencyMs: 1_000 });
  const api = platform.spawn("api", { DRAIN_SECONDS: "0" });
  const { httpPort } = await started(api);
  const answer = post(httpPort, wish());
  await sleep(300);
  api.child.kill("SIGTERM");
  expect((await answer).status).toBe(201);
  expect(await api.exit).toBe(0);
});

test("a worker finishes the job in hand before it goes", async () => {
  const api = await platform.api();
  const worker = platform.spawn("worker");
  await worker.logged("started");
  const quickAgain = await meddle(platform, "BEFORE INSERT ON downloads", "PERFORM pg_sleep(1);");
  try {
    const { body } = await post(api.httpPort, wish());
    const state = async () =>
      (
        await platform.sql<{ state: string }>(
          "SELECT state::text FROM pgboss.job WHERE name = 'deliver-request' AND data->>'requestId' = $1",
          [body.id],
        )
      )[0]?.state;
    await eventually(async () => expect(await state()).toBe("active"));
    worker.child.kill("SIGTERM");
    expect(await worker.exit).toBe(0);
    expect(await state()).toBe("completed");
    expect((await call(api.httpPort, `/api/v1/downloads?requestId=${body.id}`)).body.items).toHaveLength(1);
  } finally {
    await quickAgain();
  }
});

test("an api that is up before its database waits unready, and ends at a signal", async () => {
  await platform.servers.kill("postgres");
  const waiting = platform.spawn("api", { ADMIN_PORT: String((await freePorts(1))[0]) });
  await waiting.logged("migrating the database: not yet");
  waiting.child.kill("SIGTERM");
  expect(await waiting.exit).toBe(0);
  const patient = platform.spawn("api");
  await patient.logged("migrating the database: not yet");
  await platform.servers.restart("postgres");
  const { adminPort } = await started(patient);
  await eventually(async () => expect((await call(adminPort, "/readyz")).status).toBe(200));
});

const CRASH = new URL("crash.ts", import.meta.url).href;
const crashing = (process: ProcessName, kind: string) =>
  platform.spawn(process, { NODE_OPTIONS: `--import ${CRASH}`, CRASH: kind });
const BUGS = [
  ["exception", "an uncaught error"],
  ["rejection", "an error that was not awaited"],
] as const;

describe.each(BUGS)("a bug's %s", (kind, message) => {
  test("ends an api at once: exit code 1, the log has the reason, and no line before it is lost", async () => {
    const api = crashing("api", kind);
    const { httpPort } = await started(api);
    const ids = Array.from({ length: 200 }, (_, n) => `before-the-crash-${n}`);
    await Promise.all(ids.map((id) => call(httpPort, "/problems", { headers: { "x-request-id": id } })));
    const crashed = Date.now();
    api.child.kill("SIGUSR2");
    expect(await api.closed).toBe(1);
    expect(Date.now() - crashed).toBeLessThan(5_000);
    const lines = api.lines.map((line) => JSON.parse(line));
    const answered = lines.filter(({ msg }) => msg === "request answered").map(({ request_id }) => request_id);
    expect(answered.toSorted()).toEqual(ids.toSorted());
    // A write that was on its way may come in behind it.
    const fatal = lines.filter(({ level }) => level === "fatal");
    expect(fatal).toEqual([expect.objectContaining({ msg: "the process ends" })]);
    expect(fatal[0].err).toMatchObject({ type: "TypeError", message, stack: expect.stringContaining("crash.ts") });
  });

  test("ends a worker the same way, and the next one does the job", async () => {
    const api = await platform.api();
    const worker = crashing("worker", kind);
    await worker.logged("started");
    worker.child.kill("SIGUSR2");
    expect(await worker.closed).toBe(1);
    expect(worker.lines.find((line) => line.includes('"level":"fatal"'))).toContain(message);
    const { body } = await post(api.httpPort, wish());
    const next = platform.spawn("worker");
    await eventually(async () =>
      expect((await call(api.httpPort, `/api/v1/requests/${body.id}`)).body.status).not.toBe("pending"),
    );
    next.child.kill("SIGTERM");
    expect(await next.exit).toBe(0);
  });
});

test("wrong configuration: every problem at once, no stack trace, exit code 2", async () => {
  const api = platform.spawn("api", { HTTP_PORT: "http", LOG_LEVEL: "loud", TMDB_TOKEN_FILE: "/nowhere/token" });
  expect(await api.exit).toBe(2);
  const text = api.lines.join("\n");
  for (const key of ["HTTP_PORT", "LOG_LEVEL", "TMDB_TOKEN_FILE"]) expect(text).toContain(key);
  expect(text).not.toMatch(/\n\s+at /);
});

test("migrate runs once and ends", async () => {
  const migrate = platform.spawn("migrate");
  expect(await migrate.exit).toBe(0);
});

test("a client that sends nothing does not keep the server from closing", async () => {
  const api = platform.spawn("api", { DRAIN_SECONDS: "0" });
  const { httpPort } = await started(api);
  const idle = request({
    port: httpPort,
    host: "127.0.0.1",
    path: "/problems/internal",
    agent: false,
    headers: { connection: "keep-alive" },
  });
  idle.on("error", () => {}).end();
  await new Promise((resolve) => idle.once("response", (answer) => answer.resume().once("end", resolve)));
  const signalled = Date.now();
  api.child.kill("SIGTERM");
  expect(await api.exit).toBe(0);
  expect(Date.now() - signalled).toBeLessThan(5_000);
});
