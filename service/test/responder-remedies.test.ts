import { mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { jest } from "@jest/globals";
import { Redis } from "ioredis";
import pg from "pg";
import type { Running } from "../src/process/lifecycle.ts";
import { call, post } from "./calls.ts";
import { connectionTo, eventually, type Platform } from "./platform.ts";
import { giveAway } from "./programs.ts";
import {
  attemptsOf,
  fires,
  incidentIn,
  incidentsOf,
  notificationOf,
  send,
  startWorld,
  type World,
} from "./responder-world.ts";
import type { Signals } from "./signals.ts";

jest.setTimeout(120_000);

let world: World;
let platform: Platform;
let signals: Signals;
let api: Running;
let responder: Running;

beforeAll(async () => {
  world = await startWorld();
  ({ platform, signals, api } = world);
  responder = await platform.responder(world.env("spool"));
});
afterAll(() => world?.stop());

const ended = (alert: string, state = "closed") => incidentIn(platform, alert, state, 40_000);

/** Forgets the alert's incidents and the cooldown of its playbook, so that the next part begins anew. */
const anew = (alert: string) => platform.sql("DELETE FROM incidents WHERE alert = $1", [alert]);

/** What the incident's last line says, where it is escalated. */
async function refusalOf(alert: string): Promise<string> {
  const { id } = await ended(alert, "escalated");
  expect(await attemptsOf(platform, id)).toEqual([]);
  const sql = "SELECT message FROM incident_events WHERE incident_id = $1 AND kind = 'escalated'";
  return (await platform.sql<{ message: string }>(sql, [id]))[0]?.message ?? "";
}

describe("an upstream that answers slowly", () => {
  const alert = "OutsideServiceSlow";
  const told = (service: string) => notificationOf(alert, {}, { category: "business", service });
  const search = (query: string) => call(api.httpPort, `/api/v1/search?mediaType=movie&query=${query}`);

  test("has its breaker opened; it closes when the incident is over", async () => {
    expect((await search("matrix")).status).toBe(200);
    let slow = true;
    fires(signals, alert, { service: "tmdb" }, () => slow);
    await send(responder, told("tmdb"));
    const state = async () => String((await call(api.adminPort, "/metrics")).body);
    await eventually(async () => expect(await state()).toMatch(/media_circuit_state\{dependency="tmdb"\} 2/), 30_000);
    expect(await state()).toMatch(/media_circuit_state\{dependency="plex"\} 0/);
    // What is in the cache is answered as ever; what TMDB would have to be asked for is refused at once.
    expect((await search("matrix")).status).toBe(200);
    expect(await search("nemo")).toMatchObject({ status: 503, body: { dependency: "tmdb" } });
    slow = false;
    const { id, post_mortem } = await ended(alert);
    expect(await attemptsOf(platform, id)).toEqual([{ playbook: "open-breaker", outcome: "done" }]);
    expect(post_mortem).toContain("the breaker for tmdb may close");
    await eventually(async () => expect(await state()).toMatch(/media_circuit_state\{dependency="tmdb"\} 0/));
    expect((await search("nemo")).status).toBe(200);
  });

  test("is left alone where jobs would use up their tries", async () => {
    await anew(alert);
    let slow = true;
    fires(signals, alert, { service: "overseerr" }, () => slow);
    await send(responder, told("overseerr"));
    await ended(alert, "review");
    expect(await platform.sql("SELECT FROM opened_breakers")).toEqual([]);
    slow = false;
    await ended(alert);
  });
});

describe("the volumes of PostgreSQL", () => {
  const alert = "DatabaseVolumeHigh";
  const labels = { category: "database", pod: "postgres-0" };
  const sizes = () => Object.fromEntries(signals.claims);
  beforeEach(async () => {
    await anew(alert);
    signals.claims.clear();
    for (const name of ["data-postgres-0", "data-postgres-1", "data-redis-state-0"]) signals.claims.set(name, 5);
  });

  test("grow by half, those of all members to one size, and no other", async () => {
    signals.claims.set("data-postgres-1", 4);
    fires(signals, alert, { pod: "postgres-0" }, () => signals.claims.get("data-postgres-0") === 5);
    await send(responder, notificationOf(alert, {}, labels));
    const { id } = await ended(alert);
    expect(await attemptsOf(platform, id)).toEqual([{ playbook: "expand-volume", outcome: "done" }]);
    expect(sizes()).toEqual({ "data-postgres-0": 8, "data-postgres-1": 8, "data-redis-state-0": 5 });
  });

  test("grow to the tier's maximum, and not beyond it", async () => {
    let full = true;
    signals.claims.set("data-postgres-0", 9);
    fires(signals, alert, { pod: "postgres-0" }, () => full && signals.claims.get("data-postgres-0") === 9);
    await send(responder, notificationOf(alert, {}, labels));
    await ended(alert);
    expect(sizes()).toMatchObject({ "data-postgres-0": 10, "data-postgres-1": 10 });
    await anew(alert);
    fires(signals, alert, { pod: "postgres-0" }, () => full);
    await send(responder, notificationOf(alert, {}, labels));
    expect(await refusalOf(alert)).toContain("the volumes have the tier's maximum of 10 GiB");
    expect(sizes()).toMatchObject({ "data-postgres-0": 10, "data-postgres-1": 10 });
    full = false;
  });

  test("stay as they are where their class cannot grow", async () => {
    let full = true;
    signals.classGrows.value = false;
    fires(signals, alert, { pod: "postgres-0" }, () => full);
    await send(responder, notificationOf(alert, {}, labels));
    expect(await refusalOf(alert)).toMatch(/does not let data-postgres-0 grow: .*must support resize/);
    expect(sizes()).toEqual({ "data-postgres-0": 5, "data-postgres-1": 5, "data-redis-state-0": 5 });
    signals.classGrows.value = true;
    full = false;
  });
});

describe("the write-ahead log", () => {
  const alert = "WalPilesUp";
  const superuser = async (...statements: string[]) => {
    const client = new pg.Client({ ...connectionTo(platform.servers), user: "postgres" });
    await client.connect();
    for (const sql of statements) await client.query(sql);
    await client.end();
  };
  const FILE = ["SELECT pg_logical_emit_message(false, 'test', 'x')", "SELECT pg_switch_wal()"];
  /** The archiver takes a new setting with the next file; each one wakes it. */
  const archiverSays = (what: string) =>
    eventually(async () => {
      if ((await platform.sql(`SELECT FROM pg_stat_archiver WHERE ${what}`)).length === 1) return;
      await superuser(...FILE);
      await new Promise((resolve) => setTimeout(resolve, 500));
      throw new Error(`the archiver does not say ${what}`);
    }, 60_000);
  const onDisk = async () =>
    (await platform.sql<{ name: string }>("SELECT name FROM pg_ls_waldir() ORDER BY name")).map(({ name }) => name);
  let store: string;

  beforeAll(async () => {
    store = join(platform.servers.folder, "wal-store");
    mkdirSync(store);
    giveAway(store);
    await superuser(
      "GRANT EXECUTE ON FUNCTION pg_ls_waldir() TO media",
      "ALTER SYSTEM SET archive_mode = on",
      `ALTER SYSTEM SET archive_command = 'cp %p ${store}/%f'`,
      "ALTER SYSTEM SET max_wal_size = '32MB'",
      "ALTER SYSTEM SET min_wal_size = '32MB'",
      "SELECT pg_create_physical_replication_slot('away', true)",
    );
    await platform.servers.kill("postgres");
    await platform.servers.restart("postgres");
    for (let n = 0; n < 8; n++) await superuser(...FILE);
  });
  beforeEach(() => anew(alert));
  const labels = { category: "database", pod: "postgres-0" };

  test("that a member holds which is away is not touched", async () => {
    let much = true;
    fires(signals, alert, { pod: "postgres-0" }, () => much);
    await send(responder, notificationOf(alert, {}, labels));
    expect(await refusalOf(alert)).toContain("members that are away hold the log: away");
    much = false;
    await ended(alert);
  });

  test("that the store does not take is not touched", async () => {
    await superuser(
      "SELECT pg_drop_replication_slot('away')",
      "ALTER SYSTEM SET archive_command = 'false'",
      "SELECT pg_reload_conf()",
    );
    await archiverSays("failed_count > 0");
    const before = await onDisk();
    let much = true;
    fires(signals, alert, { pod: "postgres-0" }, () => much);
    await send(responder, notificationOf(alert, {}, labels));
    expect(await refusalOf(alert)).toContain("the backup store did not take the last file");
    expect(await onDisk()).toEqual(expect.arrayContaining(before));
    much = false;
    await ended(alert);
    await superuser(`ALTER SYSTEM SET archive_command = 'cp %p ${store}/%f'`, "SELECT pg_reload_conf()");
  });

  test("is archived to its last file and recycled by PostgreSQL: each file that goes is in the store", async () => {
    await archiverSays("last_archived_time > last_failed_time");
    const before = await onDisk();
    let much = true;
    fires(signals, alert, { pod: "postgres-0" }, () => much);
    await send(responder, notificationOf(alert, {}, labels));
    const { id } = await eventually(async () => {
      const [incident] = await incidentsOf(platform, alert);
      expect(await attemptsOf(platform, incident?.id ?? "")).toEqual([{ playbook: "archive-wal", outcome: "done" }]);
      return incident as { id: string };
    }, 60_000);
    const after = await onDisk();
    const gone = before.filter((name) => !after.includes(name));
    expect(gone.length).toBeGreaterThan(0);
    expect(readdirSync(store)).toEqual(expect.arrayContaining(gone));
    much = false;
    expect((await ended(alert)).id).toBe(id);
  });
});

describe("the cache that was emptied", () => {
  const alert = "CacheEmptied";
  const labels = { category: "database", pod: "redis-cache-1" };
  let redis: Redis;
  beforeAll(() => {
    redis = new Redis(platform.servers.cachePort, "127.0.0.1");
  });
  afterAll(() => redis.disconnect());
  beforeEach(() => anew(alert));
  const copies = () => redis.keys("copy:request:*");

  test("has the newest requests and their titles again; what came meanwhile stays", async () => {
    const made = await Promise.all(
      [603, 604, 605].map(async (tmdbId) => (await post(api.httpPort, { mediaType: "movie", tmdbId })).body.id),
    );
    await redis.flushall();
    const [written = ""] = made;
    const key = `request:v2:${written}`;
    await redis.set(key, "written:by-another", "EX", 60);
    let empty = true;
    fires(signals, alert, { pod: "redis-cache-1" }, () => empty);
    await send(responder, notificationOf(alert, {}, labels));
    await eventually(async () => expect(await copies()).toHaveLength(await countOf()), 30_000);
    expect(await redis.keys("answer:*:title:movie:*")).toHaveLength(3);
    expect(await redis.get(key)).toBe("written:by-another");
    empty = false;
    const { id } = await ended(alert);
    expect(await attemptsOf(platform, id)).toEqual([{ playbook: "warm-cache", outcome: "done" }]);
  });
  const countOf = async () => (await platform.sql("SELECT FROM requests")).length;

  test("is not warmed while it is full: it would evict for it", async () => {
    await redis.flushall();
    await redis.config("SET", "maxmemory", "1000000");
    let empty = true;
    fires(signals, alert, { pod: "redis-cache-1" }, () => empty);
    await send(responder, notificationOf(alert, {}, labels));
    expect(await refusalOf(alert)).toMatch(/the cache is \d+ % full/);
    expect(await copies()).toEqual([]);
    empty = false;
  });
});
