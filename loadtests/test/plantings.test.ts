import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import { type Servers, startServers } from "@media/service/test/servers";
import { analyse } from "../analysis/analyse.ts";
import { type Psql, runScript } from "../data/psql.ts";
import { BURN, LEAK, PLANTINGS, type Place, type Planting } from "../plantings/plantings.ts";
import { connect } from "../profiling/inspector.ts";
import { type Made, madeResult } from "./made-result.ts";
import { migrate } from "./migrated.ts";

type Figures = NonNullable<Made["figures"]>;
const steady = (unit: "count" | "seconds" | "ratio" | "cores" | "per second", value: number) =>
  ({ unit, values: [value, value, value, value] }) as const;

/** Each request holds a connection for long, so that others wait for one. */
const waiting: Figures = {
  "api/requests at work, mean": steady("count", 9),
  "api/waiting for a database connection, mean of primary": steady("count", 5),
  "api/wait for a database connection, 99th percentile of primary": steady("seconds", 0.8),
};
const slowStatements: Figures = {
  ...waiting,
  "api/waiting for statements, mean of listRequests": steady("count", 3),
  "api/a statement, 99th percentile of listRequests": steady("seconds", 1.4),
  "pgbouncer/clients that wait, mean of media": steady("count", 4),
  "pgbouncer/server connections in use of media": steady("ratio", 1),
};

/** What each planting shows, also where its effects look like another bottleneck. */
const SHOWN: Readonly<Record<string, Figures>> = {
  "missing index": {
    ...slowStatements,
    "postgres/rows read by sequential scans of requests": steady("per second", 900_000),
  },
  "tiny pool": waiting,
  "CPU burn": {
    ...slowStatements,
    "api/event loop at work of api-1": steady("ratio", 0.98),
    "api/CPU of api-1": steady("cores", 0.9),
  },
  leak: { ...waiting, "api/garbage collection of api-1": steady("ratio", 0.4) },
  "slow upstream": {
    "api/requests at work, mean": steady("count", 6),
    "api/waiting for upstreams, mean of tmdb": steady("count", 5),
    "api/an upstream's answer, 95th percentile of tmdb": steady("seconds", 1.5),
  },
  lock: { ...slowStatements, "postgres/sessions that wait for a lock of postgres-0": steady("count", 4) },
  "small cache": {
    "redis-cache/evicted keys of redis-cache": steady("per second", 5),
    "redis-cache/look-ups that found nothing of redis-cache": steady("ratio", 0.8),
    "api/requests at work, mean": steady("count", 6),
    "api/waiting for upstreams, mean of tmdb": steady("count", 5),
    "api/an upstream's answer, 95th percentile of tmdb": steady("seconds", 0.6),
  },
  "throttled pod": { ...slowStatements, "api/throttled share of CPU periods of api-1": steady("ratio", 0.6) },
  "full disk queue": { ...slowStatements, "node/disk at work of sda": steady("ratio", 1) },
};

test("nine bottlenecks can be planted", () => {
  expect(Object.keys(PLANTINGS).sort()).toEqual(Object.keys(SHOWN).sort());
  expect(Object.keys(PLANTINGS)).toHaveLength(9);
});

test.each(Object.entries(SHOWN))("%s is named first, whatever follows from it", (name, figures) => {
  expect(PLANTINGS[name]?.kinds).toContain(analyse(madeResult({ failed: 0.1, figures })).kind);
});

describe("what is evaluated in a Node.js process", () => {
  let child: ChildProcess;
  afterEach(() => void child.kill("SIGKILL"));

  /** A process with the heap of a small api pod, into which something is planted. */
  async function planted(expression: string) {
    const script = `const { open, url } = process.getBuiltinModule("node:inspector"); open(0, "127.0.0.1");
      setInterval(() => {}, 1000); process.stdout.write(url());`;
    const flags = ["--max-old-space-size=64", "--max-semi-space-size=16"];
    child = spawn(process.execPath, [...flags, "-e", script], { stdio: ["ignore", "pipe", "ignore"] });
    const [line] = (await once(child.stdout as NodeJS.ReadableStream, "data")) as [Buffer];
    const { send } = await connect(line.toString());
    const value = async (asked: string) => {
      const reply = await send<{ result: { value: number } }>("Runtime.evaluate", { expression: asked });
      return reply.result.value;
    };
    await send("Runtime.evaluate", { expression });
    return { value };
  }

  test("burns nearly all of the event loop's time", async () => {
    const { value } = await planted(BURN);
    // The best of three looks: what else runs on the machine can only keep the process from its work.
    const shares: number[] = [];
    for (let look = 0; look < 3; look++) {
      expect(await value("globalThis.from = performance.eventLoopUtilization(); 0")).toBe(0);
      await new Promise((resolve) => setTimeout(resolve, 2_000));
      shares.push(await value("performance.eventLoopUtilization(globalThis.from).utilization"));
    }
    expect(Math.max(...shares)).toBeGreaterThan(0.93);
  }, 20_000);

  test("leaks up to the heap's limit, and lets the process live", async () => {
    const { value } = await planted(LEAK);
    const share =
      "(() => { const h = process.getBuiltinModule('node:v8').getHeapStatistics(); return h.used_heap_size / 2 ** 26; })()";
    const shares: number[] = [];
    for (let n = 0; n < 100 && (shares.at(-1) ?? 0) < 0.85; n++) {
      await new Promise((resolve) => setTimeout(resolve, 200));
      shares.push(await value(share));
    }
    // Of the 64 MiB that old objects may have.
    expect(shares.at(-1)).toBeGreaterThan(0.85);
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    expect(child.exitCode).toBeNull();
    expect(await value("globalThis.planted.length")).toBeGreaterThan(1_000);
  }, 60_000);
});

describe("in a real PostgreSQL with the service's tables", () => {
  let servers: Servers;
  let psql: Psql;
  const sql = (text: string) => runScript(psql, [text]);
  const begun: Promise<unknown>[] = [];
  const place = { sql, begin: (text: string) => void begun.push(sql(text).catch(() => {})) } as unknown as Place;

  beforeAll(async () => {
    servers = await startServers();
    psql = await migrate(servers);
  }, 60_000);
  afterAll(async () => {
    await Promise.all(begun);
    await servers.stop();
  });

  const planting = (name: string) => PLANTINGS[name] as Planting;
  const indexes = () => sql("select indexdef from pg_indexes where tablename = 'requests' order by 1;");

  test("the indexes are gone, then there again as they were", async () => {
    const before = await indexes();
    const remove = await planting("missing index").plant(place);
    expect((await indexes()).split("\n")).toHaveLength(before.split("\n").length - 3);
    await remove();
    expect(await indexes()).toBe(before);
  });

  test("a writer waits for the lock, and not once it is gone", async () => {
    const write = () =>
      sql(
        "begin; set local lock_timeout = '1s'; insert into requests (user_id, media_type, tmdb_id, title, status) values (gen_random_uuid(), 'movie', 1, 'One', 'pending'); rollback;",
      );
    await write();
    const remove = await planting("lock").plant(place);
    const held = "select count(*) from pg_locks where mode = 'ShareRowExclusiveLock' and granted;";
    while ((await sql(held)) === "0") await new Promise((resolve) => setTimeout(resolve, 20));
    await expect(write()).rejects.toThrow(/lock timeout/);
    await remove();
    await write();
  }, 20_000);
});
