import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { Running } from "../src/process/lifecycle.ts";
import { getAs, idempotent, type Person, person, post, postAs } from "./calls.ts";
import { event, sendEvent, useUp } from "./payments.ts";
import { type Platform, startPlatform } from "./platform.ts";

let platform: Platform;
let processes: Running[];
let nextId = 40_000;

beforeAll(async () => {
  platform = await startPlatform();
  const first = await platform.api();
  processes = [first, await platform.api()];
});
afterAll(() => platform?.stop());

const FREE = 10;
const port = (n = 0) => processes[n % processes.length]?.httpPort as number;
const ask = (who: Person, n = 0, tmdbId = ++nextId, more = {}) =>
  postAs(port(n), who.token, "/api/v1/requests", { mediaType: "movie", tmdbId }, more);
const usage = async (who: Person) => (await getAs(port(), who.token, "/api/v1/subscription")).body.requests;
const stored = async ({ id }: Person) =>
  (await platform.sql<{ n: number }>("SELECT count(*)::int AS n FROM requests WHERE user_id = $1", [id]))[0]?.n;
const subscribe = (who: Person, planId: string, paidUntil = Math.floor(Date.now() / 1_000) + 86_400) =>
  sendEvent(port(), event("subscription.changed", { userId: who.id, planId, paidUntil }));

/** As a client should: a process that is too busy says so (503), and is asked again. */
async function askPatiently(who: Person, n: number, tmdbId = ++nextId) {
  for (;;) {
    const answer = await ask(who, n, tmdbId);
    if (answer.status !== 503) return answer;
    await sleep(100);
  }
}

test("forty at once over two processes: as many as the plan allows, to the last one, and no more", async () => {
  const who = await person(port(), "eager");
  const answers = await Promise.all(Array.from({ length: 40 }, (_, n) => askPatiently(who, n)));
  const statuses = Map.groupBy(answers, ({ status }) => status);
  expect([statuses.get(201)?.length, statuses.get(429)?.length]).toEqual([FREE, 30]);
  expect(await stored(who)).toBe(FREE);
  expect(await usage(who)).toMatchObject({ used: FREE, limit: FREE });
});

test("the refusal says which plan, how many, and when the week is over", async () => {
  const who = await person(port(), "refused");
  await useUp(platform, who.id);
  const { body, headers } = await ask(who);
  expect(body).toMatchObject({ status: 429, code: "quota-exceeded", plan: "free", limit: FREE });
  const resetsAt = new Date(body.resetsAt);
  expect([resetsAt.getUTCDay(), resetsAt.getTime() % 86_400_000]).toEqual([1, 0]);
  const inSeconds = (resetsAt.getTime() - Date.now()) / 1_000;
  expect(Math.abs(Number(headers.get("retry-after")) - inSeconds)).toBeLessThan(5);
  expect(inSeconds).toBeLessThanOrEqual(7 * 86_400);
  expect((await usage(who)).resetsAt).toBe(body.resetsAt);
});

test("what was not made does not count: duplicates, unknown titles, repeats under one key", async () => {
  const who = await person(port(), "careful");
  await useUp(platform, who.id, 2);
  const wish = ++nextId;
  expect((await ask(who, 0, wish)).status).toBe(201);
  expect((await ask(who, 1, wish)).status).toBe(409);
  expect((await ask(who, 0, 900_000_001)).body.code).toBe("unknown-title");
  const [key, last] = [idempotent(randomUUID()), ++nextId];
  for (const n of [0, 1, 2]) expect((await ask(who, n, last, key)).status).toBe(201);
  expect(await usage(who)).toMatchObject({ used: FREE });
  // A duplicate is reported as such also to a user without quota.
  expect((await ask(who, 0, wish)).status).toBe(409);
  expect((await ask(who)).body.code).toBe("quota-exceeded");
});

test("a cancelled request has counted; last week's have not", async () => {
  const who = await person(port(), "undecided");
  await useUp(platform, who.id, 1);
  const { body } = await ask(who);
  await postAs(port(), who.token, `/api/v1/requests/${body.id}/cancel`);
  expect((await ask(who)).status).toBe(429);
  await platform.sql("UPDATE request_usage SET week = week - 7 WHERE user_id = $1", [who.id]);
  expect((await ask(who)).status).toBe(201);
  expect(await usage(who)).toMatchObject({ used: 1 });
});

test("a refusal is not kept under its key: after an upgrade the same call is made", async () => {
  const who = await person(port(), "upgrader");
  await useUp(platform, who.id);
  const [key, wish] = [idempotent(randomUUID()), ++nextId];
  expect((await ask(who, 0, wish, key)).status).toBe(429);
  await subscribe(who, "standard");
  expect((await ask(who, 0, wish, key)).status).toBe(201);
  expect(await usage(who)).toMatchObject({ used: FREE + 1, limit: 50 });
  // Run out, the plan is the free one again.
  await platform.sql("UPDATE subscriptions SET paid_until = now() - interval '1 second' WHERE user_id = $1", [who.id]);
  expect((await ask(who)).body).toMatchObject({ code: "quota-exceeded", plan: "free" });
});

test("moderators, administrators and the dev token have no limit", async () => {
  const who = await person(port(), "moderator", "moderator");
  await useUp(platform, who.id);
  expect((await ask(who)).status).toBe(201);
  expect((await post(port(), { mediaType: "movie", tmdbId: ++nextId })).status).toBe(201);
  expect(await usage(who)).toMatchObject({ limit: null });
});
