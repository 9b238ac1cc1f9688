import { jest } from "@jest/globals";
import { Redis } from "ioredis";
import type { Running } from "../src/process/lifecycle.ts";
import { post } from "./calls.ts";
import { eventually, type Platform } from "./platform.ts";
import {
  attemptsOf,
  endedIn,
  fires,
  forget,
  incidentsOf,
  notificationOf,
  refusalOf,
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

const ended = (alert: string, state?: string) => endedIn(platform, alert, state);
const anew = (alert: string) => forget(platform, alert);

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
    await eventually(async () => expect(await redis.keys("answer:*:title:movie:*")).toHaveLength(3));
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
    expect(await refusalOf(platform, alert)).toMatch(/the cache is \d+ % full/);
    expect(await copies()).toEqual([]);
    empty = false;
  });
});

describe("the cache that evicts what it is asked for next", () => {
  const alert = "CacheThrashes";
  const OPEN = "media_circuit_state > 0";
  let redis: Redis;
  beforeAll(() => {
    redis = new Redis(platform.servers.cachePort, "127.0.0.1");
  });
  afterAll(() => redis.disconnect());

  /** Copies, answers to searches and entries that stay, in a memory that they fill but for a little. */
  beforeEach(async () => {
    await anew(alert);
    signals.samples.delete(OPEN);
    await redis.config("SET", "maxmemory", "0");
    await redis.flushall();
    for (let n = 0; n < 800; n++) {
      const [kind, name] = n % 4 === 0 ? ["answer:v1:search", `movie:${n}`] : ["copy:request:v2", String(n)];
      await redis.set(`${kind}:${name}`, "x".repeat(4_000), "EX", 3_600);
    }
    for (let n = 0; n < 50; n++) await redis.set(`request:v2:${n}`, "x".repeat(4_000), "EX", 3_600);
    const used = Number(/^used_memory:(\d+)/m.exec(await redis.info("memory"))?.[1]);
    await redis.config("SET", "maxmemory", String(Math.round(used * 1.05)));
  });
  afterEach(() => redis.config("SET", "maxmemory", "0"));

  const counted = async () => ({
    kept: (await redis.keys("request:v2:*")).length,
    sheddable: (await redis.keys("copy:request:*")).length + (await redis.keys("answer:*")).length,
  });
  /** The alert's expression holds until it is told to end. */
  async function thrashes() {
    let much = true;
    fires(signals, alert, {}, () => much);
    await send(responder, notificationOf(alert, {}, { category: "database", pod: "" }));
    return () => {
      much = false;
    };
  }

  test("sheds copies and answers to searches until there is room, and nothing else", async () => {
    const end = await thrashes();
    const { id } = await eventually(async () => {
      const [incident] = await incidentsOf(platform, alert);
      expect(await attemptsOf(platform, incident?.id ?? "")).toEqual([{ playbook: "shed-cache", outcome: "done" }]);
      return incident as { id: string };
    }, 40_000);
    const { kept, sheddable } = await counted();
    expect(kept).toBe(50);
    // No more than it needs: something is left.
    expect(sheddable).toBeGreaterThan(0);
    expect(sheddable).toBeLessThan(800);
    const told = "SELECT message FROM incident_events WHERE incident_id = $1 AND kind = 'attempted'";
    const [line] = await platform.sql<{ message: string }>(told, [id]);
    expect(line?.message).toMatch(/the cache went from 9\d % of its memory to [67]\d %, from \d+ entries to \d+/);
    end();
    await ended(alert);
  });

  test("is left alone while a breaker is open: copies answer for what is away", async () => {
    signals.samples.set(OPEN, [{ dependency: "postgres" }]);
    const end = await thrashes();
    expect(await refusalOf(platform, alert)).toContain("breakers are open (postgres)");
    expect(await counted()).toEqual({ kept: 50, sheddable: 800 });
    end();
  });

  test("is left alone where it has room", async () => {
    await redis.config("SET", "maxmemory", "100000000");
    const end = await thrashes();
    expect(await refusalOf(platform, alert)).toMatch(/only \d+ % of the cache's memory are in use/);
    expect(await counted()).toEqual({ kept: 50, sheddable: 800 });
    end();
  });

  test("is only looked at in a dry run", async () => {
    const dry = await platform.responder({ ...world.env("spool-dry"), AUTOMATION: "dry-run" });
    await responder.drain();
    let much = true;
    fires(signals, alert, {}, () => much);
    await send(dry, notificationOf(alert, {}, { category: "database", pod: "" }));
    await ended(alert, "review");
    expect(await counted()).toEqual({ kept: 50, sheddable: 800 });
    much = false;
  });
});
