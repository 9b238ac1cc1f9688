import { randomUUID } from "node:crypto";
import type { Redis } from "ioredis";
import { connectState } from "../src/data/redis/redis.ts";
import { createSessions, MOST_SESSIONS, RETRY_SECONDS, type Sessions } from "../src/data/redis/sessions.ts";
import { createMetrics } from "../src/observability/metrics/metrics.ts";
import { loadConfig } from "../src/process/config.ts";
import { ANY_ERROR, createPolicy } from "../src/resilience/policy.ts";
import { eventually, type Platform, readableLog, startPlatform } from "./platform.ts";

/** Sessions in a real Redis, whose clock is moved by what it keeps, not by waiting for a month. */
let platform: Platform;
let redis: Redis;
let sessions: Sessions;
let user: string;

const DAY = 86_400;
const listOf = () => `open-sessions:${user}`;
const listed = async () => (await redis.zrange(listOf(), 0, "-1")).sort();

beforeAll(async () => {
  platform = await startPlatform();
  redis = connectState(loadConfig("api", platform.env()), readableLog("api").log);
  sessions = createSessions(redis, createPolicy("redis-state", ANY_ERROR, createMetrics("test")));
  await eventually(() => redis.ping());
});
beforeEach(() => {
  user = randomUUID();
});
afterAll(async () => {
  redis?.disconnect();
  await platform?.stop();
});

/** As if this session had been opened so long ago, and not been used since. */
async function age(id: string, days: number): Promise<void> {
  await redis.expire(`session:${id}`, (30 - days) * DAY);
  await redis.zincrby(listOf(), -days * DAY, id);
}

test("a session that is refreshed can be ended with all the user's sessions for as long as it is open", async () => {
  const { id, refreshToken } = await sessions.open(user);
  await age(id, 29);
  await redis.expire(listOf(), DAY);
  const next = await sessions.rotate(refreshToken);
  expect(next).toMatchObject({ id, userId: user });
  for (const key of [`session:${id}`, listOf()]) expect(await redis.ttl(key)).toBeGreaterThan(29 * DAY);
  await sessions.closeAllOf(user);
  expect(await sessions.isOpen(id)).toBe(false);
  await expect(sessions.rotate(next.refreshToken)).rejects.toMatchObject({ code: "session-ended" });
  expect(await redis.exists(listOf())).toBe(0);
});

test("of those that ran out, were left or were stolen nothing is kept", async () => {
  const [old, left, stolen, stays] = await Promise.all([1, 2, 3, 4].map(() => sessions.open(user)));
  await age(old?.id as string, 31);
  await sessions.close(left?.id as string);
  await sessions.rotate(stolen?.refreshToken as string);
  await redis.hincrby(`session:${stolen?.id}`, "retry", -RETRY_SECONDS);
  await expect(sessions.rotate(stolen?.refreshToken as string)).rejects.toMatchObject({ code: "session-ended" });
  const fresh = await sessions.open(user);
  expect(await listed()).toEqual([stays?.id, fresh.id].sort());
});

test(`for ${RETRY_SECONDS} s a used token gives the same next one, which Redis itself cannot tell`, async () => {
  const first = await sessions.open(user);
  const next = await sessions.rotate(first.refreshToken);
  await redis.hincrby(`session:${first.id}`, "retry", 1 - RETRY_SECONDS + 10);
  expect(await sessions.rotate(first.refreshToken)).toEqual(next);
  const stored = JSON.stringify(await redis.hgetall(`session:${first.id}`));
  for (const { refreshToken } of [first, next]) expect(stored).not.toContain(refreshToken.split(".")[1]);
  // The control: a wrong token of this session is no retry.
  await expect(sessions.rotate(`${first.id}.${"x".repeat(43)}`)).rejects.toMatchObject({ code: "session-ended" });
});

test("a session that is opened while all are ended is ended with them, or is in the next list", async () => {
  for (let round = 0; round < 20; round++) {
    const opening = Promise.all([1, 2, 3].map(() => sessions.open(user)));
    await sessions.closeAllOf(user);
    const open = await Promise.all((await opening).map(async ({ id }) => ((await sessions.isOpen(id)) ? id : "")));
    expect(await listed()).toEqual(open.filter(Boolean).sort());
    await sessions.closeAllOf(user);
  }
});

test(`a user has ${MOST_SESSIONS} sessions at most: the one that was not used for longest ends`, async () => {
  const first = await sessions.open(user);
  await age(first.id, 2);
  const second = await sessions.open(user);
  await age(second.id, 1);
  const kept = await sessions.rotate(first.refreshToken);
  for (let n = 2; n < MOST_SESSIONS + 1; n++) await sessions.open(user);
  expect([await sessions.isOpen(second.id), await sessions.isOpen(kept.id)]).toEqual([false, true]);
  expect(await redis.zcard(listOf())).toBe(MOST_SESSIONS);
});
