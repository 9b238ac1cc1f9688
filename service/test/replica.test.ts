import type { Running } from "../src/lifecycle.ts";
import { eventually, getAs, type Person, type Platform, person, postAs, startPlatform } from "./platform.ts";
import { type Replica, startReplica } from "./replica.ts";

let platform: Platform;
let replica: Replica;
let api: Running;
let other: Running;
let ann: Person;
let moderator: Person;
let nextId = 200_000;

beforeAll(async () => {
  platform = await startPlatform();
  // The schema first, then the copy of it.
  await (await platform.api()).drain();
  replica = await startReplica(platform.servers);
  const behind = { PG_RO_DATABASE: "media_replica" };
  [api, other] = await Promise.all([platform.api(behind), platform.api(behind)]);
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

test("while it lags, whoever wrote sees it, in every process; others may not yet", async () => {
  await replica.paused(true);
  try {
    const id = await ask(ann);
    expect(await listed(ann)).toContain(id);
    // The mark is everybody's to see, not that process's alone.
    expect(await listed(ann, other)).toContain(id);
    // The control: whoever wrote nothing is still answered by the replica, which does not have it.
    const seen = await listed(moderator);
    expect(seen.length).toBeGreaterThan(0);
    expect(seen).not.toContain(id);
  } finally {
    await replica.paused(false);
  }
  await replica.caughtUp();
  await eventually(async () => expect(await listed(moderator)).toContain(await newest()));
});

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

async function newest(): Promise<string> {
  const [row] = await platform.sql<{ id: string }>("SELECT id FROM requests ORDER BY created_at DESC LIMIT 1");
  return row?.id ?? "";
}
