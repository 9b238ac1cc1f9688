import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";
import { FALLBACKS_TOTAL } from "../src/observability/metrics/names.ts";
import { MOST_LAG_SECONDS } from "../src/observability/metrics/objectives.ts";
import type { Running } from "../src/process/lifecycle.ts";
import { getAs, metric, type Person, person, postAs } from "./calls.ts";
import { eventually, type Platform, readableLog, startPlatform } from "./platform.ts";
import { type Replica, startReplica } from "./replica.ts";

let platform: Platform;
let replica: Replica;
let api: Running;
let other: Running;
let ann: Person;
let moderator: Person;
let nextId = 200_000;
const requests = "/api/v1/requests";
const { log, lines } = readableLog("api");

beforeAll(async () => {
  platform = await startPlatform();
  // The schema first, then the copy of it.
  await (await platform.api()).drain();
  replica = await startReplica(platform.servers);
  const behind = { PG_RO_DATABASE: "media_replica" };
  [api, other] = await Promise.all([platform.api(behind, { log }), platform.api(behind)]);
  ann = await person(api.httpPort, "ann");
  moderator = await person(api.httpPort, "moderator", "moderator");
  await ask(ann);
  await replica.caughtUp();
}, 60_000);
afterAll(async () => {
  await platform?.stop();
  await replica?.stop();
});

async function ask(who: Person): Promise<string> {
  const wish = { mediaType: "movie", tmdbId: ++nextId };
  const { body, status } = await postAs(api.httpPort, who.token, "/api/v1/requests", wish);
  expect(status).toBe(201);
  return body.id;
}

async function listed(who: Person, by = api): Promise<string[]> {
  const { body } = await getAs(by.httpPort, who.token, "/api/v1/requests?limit=100");
  return body.items.map(({ id }: { id: string }) => id);
}

test("while it lags, the writer sees the write, in every process; others may not yet", async () => {
  await replica.paused(true);
  try {
    const id = await ask(ann);
    expect(await listed(ann)).toContain(id);
    // Every process sees the mark, not only the one that set it.
    expect(await listed(ann, other)).toContain(id);
    // The control: a user who wrote nothing is still served by the replica, which does not have it.
    const seen = await listed(moderator);
    expect(seen.length).toBeGreaterThan(0);
    expect(seen).not.toContain(id);
  } finally {
    await replica.paused(false);
  }
  await replica.caughtUp();
  await eventually(async () => expect(await listed(moderator)).toContain(await newest()));
});

test("while it lags, a request is never older than what was written, nor kept so", async () => {
  const kept = await ask(ann);
  const forgotten = await ask(ann);
  await replica.caughtUp();
  await forget(kept, forgotten);
  const status = async (id: string, who: Person, by = api) =>
    (await getAs(by.httpPort, who.token, `${requests}/${id}`)).body.status;
  await replica.paused(true);
  try {
    for (const id of [kept, forgotten]) await postAs(api.httpPort, ann.token, `${requests}/${id}/cancel`);
    // The control: this replica still has the older state, and serves users who wrote nothing.
    expect(await listed(moderator)).toContain(kept);
    await sleep(6_000);
    for (const by of [api, other]) expect(await status(kept, moderator, by)).toBe("cancelled");
    // Without the mark in the cache, as after an eviction: the users who wrote are still known.
    await forget(forgotten);
    for (const by of [api, other]) expect(await status(forgotten, ann, by)).toBe("cancelled");
    // And after the mark of the other: a replica that lags as long as this one serves no user.
    await sleep(6_000);
    await forget(kept);
    expect(await status(kept, moderator)).toBe("cancelled");
  } finally {
    await replica.paused(false);
  }
}, 40_000);

test("cut off from its primary it has replayed all it got, and yet answers nobody once that is too old", async () => {
  await ask(ann);
  await replica.caughtUp();
  await replica.cutOff(true);
  try {
    const id = await ask(ann);
    // The control: what it has is young still.
    expect(await listed(moderator)).not.toContain(id);
    await sleep((MOST_LAG_SECONDS + 1) * 1000);
    for (const by of [api, other]) expect(await listed(moderator, by)).toContain(id);
  } finally {
    await replica.cutOff(false);
  }
  await replica.caughtUp();
}, 40_000);

test("while the state Redis cannot say who wrote what, the primary answers", async () => {
  await replica.paused(true);
  try {
    const id = await ask(ann);
    await platform.servers.kill("state");
    expect(await listed(moderator)).toContain(id);
  } finally {
    await platform.servers.restart("state");
    await replica.paused(false);
  }
});

test("without the replica the primary answers", async () => {
  await replica.stop();
  // The sessions of before went with the state Redis.
  await eventually(async () => {
    const ben = await person(api.httpPort, "ben");
    const id = await ask(ben);
    expect(await listed(ben, other)).toContain(id);
  });
});

test("and every such answer is counted, in one line of the log", async () => {
  const sample = `${FALLBACKS_TOTAL}{dependency="database-replica",result="hit"}`;
  const before = await metric(api.adminPort, sample);
  const ben = await person(api.httpPort, "ben");
  for (let n = 0; n < 5; n++) await listed(ben);
  expect(await metric(api.adminPort, sample)).toBe(before + 5);
  const id = await ask(ben);
  await forget(id);
  await getAs(api.httpPort, ben.token, `${requests}/${id}`);
  expect(await metric(api.adminPort, sample)).toBe(before + 6);
  const said = lines.filter(({ msg }) => msg === "the replica does not answer: the primary does");
  expect(said).toMatchObject([{ level: "warn", err: expect.anything() }]);
});

/** As if the cache Redis had made room. */
async function forget(...ids: string[]): Promise<void> {
  const cache = new Redis({ port: platform.servers.cachePort });
  await cache.del(...ids.map((id) => `request:v2:${id}`));
  cache.disconnect();
}

async function newest(): Promise<string> {
  const [row] = await platform.sql<{ id: string }>("SELECT id FROM requests ORDER BY created_at DESC LIMIT 1");
  return row?.id ?? "";
}
