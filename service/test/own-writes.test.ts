import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";
import type pg from "pg";
import { connectDatabase } from "../src/data/postgres/database.ts";
import { createReadYourWrites, lastWriteKey, type ReadYourWrites } from "../src/data/redis/read-your-writes.ts";
import { createMetrics } from "../src/observability/metrics/metrics.ts";
import { loadConfig } from "../src/process/config.ts";
import type { Policy } from "../src/resilience/policy.ts";
import { type Platform, readableLog, startPlatform } from "./platform.ts";

let platform: Platform;
let redis: Redis;
beforeAll(async () => {
  platform = await startPlatform();
  redis = new Redis({ port: platform.servers.cachePort });
});
afterAll(async () => {
  redis?.disconnect();
  await platform?.stop();
});

describe("the mark of a user's writes", () => {
  let away = false;
  let writes: ReadYourWrites;
  const policy = {
    once: (work: () => Promise<unknown>) => (away ? Promise.reject(new Error("away")) : work()),
  } as Policy;
  const stored = (user: string) => redis.get(lastWriteKey(user));
  beforeEach(() => {
    away = false;
    writes = createReadYourWrites(redis, policy);
  });

  test("is the greatest, in whichever order they come, and by number", async () => {
    for (const lsn of ["0/9F", "0/100", "0/A0", "0/FF"]) await writes.mark("ann", lsn);
    expect(await stored("ann")).toBe("0/100");
    for (const lsn of ["2/1", "1/FFFFFFFF", "10/0", "9/5"]) await writes.mark("ann", lsn);
    expect(await stored("ann")).toBe("10/0");
  });

  test("lasts a minute from the last write, also from one that is not the greatest", async () => {
    await writes.mark("ben", "0/2");
    await redis.expire(lastWriteKey("ben"), 5);
    await writes.mark("ben", "0/1");
    expect(await stored("ben")).toBe("0/2");
    expect(await redis.ttl(lastWriteKey("ben"))).toBeGreaterThan(50);
  });

  test("replaces an unreadable value", async () => {
    await redis.set(lastWriteKey("eve"), "nonsense");
    await writes.mark("eve", "0/7");
    expect(await stored("eve")).toBe("0/7");
  });

  test("that could not be stored is remembered, until one is stored that is as late", async () => {
    away = true;
    await writes.mark("joe", "0/9");
    expect(writes.recall("joe", null)).toBe("0/9");
    // Another process stored a later one.
    expect(writes.recall("joe", "0/10")).toBe("0/10");
    expect(writes.recall("joe", "0/8")).toBe("0/9");
    expect(writes.recall("joe", undefined)).toBeUndefined();
    away = false;
    await writes.mark("joe", "0/20");
    expect(writes.recall("joe", null)).toBeNull();
  });

  test("that was stored is not taken for one that failed meanwhile", async () => {
    let answer = () => {};
    const slow = { once: () => new Promise<void>((resolve) => (answer = resolve)) } as unknown as Policy;
    const mixed = createReadYourWrites(redis, { once: (work) => (away ? policy : slow).once(work) } as Policy);
    const first = mixed.mark("zoe", "0/1");
    away = true;
    await mixed.mark("zoe", "0/2");
    answer();
    await first;
    expect(mixed.recall("zoe", "0/1")).toBe("0/2");
  });
});

test("a commit whose answer comes late does not take back the lsn of a later one", async () => {
  const database = connectDatabase(loadConfig("api", platform.env()), readableLog("api").log, createMetrics("test"));
  await platform.sql("CREATE TABLE notes (n int)");
  const note = (client: pg.PoolClient) => client.query("INSERT INTO notes VALUES (1)");
  const late = database.transaction("late", async (client) => {
    const query = client.query.bind(client) as (text: string) => Promise<unknown>;
    await note(client);
    const answerLate = async (text: string) => {
      const answer = await query(text);
      await sleep(500);
      return answer;
    };
    Object.assign(client, { query: answerLate });
  });
  await sleep(200);
  await database.transaction("quick", note);
  const reached = database.lastCommitLsn();
  await late;
  expect(reached).toMatch(/^[0-9A-F]+\/[0-9A-F]+$/);
  expect(database.lastCommitLsn()).toBe(reached);
  await database.close();
});
