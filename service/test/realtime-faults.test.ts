import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";
import { SOCKET_CONNECTIONS_TOTAL, UPDATES_PUBLISHED_TOTAL } from "../src/observability/metrics/names.ts";
import type { Running } from "../src/process/lifecycle.ts";
import { STREAM } from "../src/realtime/publisher.ts";
import { call, metric, type Person, person, post, postAs } from "./calls.ts";
import { DEV_TOKEN, eventually, type Platform, type Spawned, startPlatform } from "./platform.ts";
import { STATE_PASSWORD } from "./servers.ts";
import { type Client, client, closeClients, doorway } from "./sockets.ts";

let platform: Platform;
let stays: Running;
let door: Awaited<ReturnType<typeof doorway>>;
let people: Person[];
let nextId = 130_000;

beforeAll(async () => {
  platform = await startPlatform();
  stays = await platform.api();
  await platform.worker();
  door = await doorway();
  people = await Promise.all(["ann", "ben", "carl"].map((name) => person(stays.httpPort, name)));
});
afterEach(closeClients);
afterAll(async () => {
  door?.close();
  await platform?.stop();
});

const requests = "/api/v1/requests";

const PAUSE_MS = 25;

/** Changes one request of each person until stopped: each change is one event. */
function keepChanging(): (atLeast: number) => Promise<void> {
  let going = true;
  let changes = 0;
  const change = async ({ token }: Person) => {
    const { body } = await postAs(stays.httpPort, token, requests, { mediaType: "movie", tmdbId: ++nextId });
    changes += 1;
    for (let n = 0; going; n++) {
      const what = n % 2 ? "retry" : "cancel";
      expect(await postAs(stays.httpPort, token, `${requests}/${body.id}/${what}`)).toMatchObject({ status: 200 });
      changes += 1;
      await sleep(PAUSE_MS);
    }
  };
  const all = Promise.all(people.map(change));
  return async (atLeast) => {
    await eventually(() => expect(changes).toBeGreaterThan(atLeast), 20_000);
    going = false;
    await all;
  };
}

/** What was published for a user after a place, from the stream itself. */
async function published(userId: string, after: string): Promise<string[]> {
  const { port } = await statePort();
  const redis = new Redis({ port, password: STATE_PASSWORD });
  const entries = await redis.xrange(STREAM, `(${after}`, "+");
  redis.disconnect();
  return entries.filter(([, fields]) => fields[3] === userId).map(([id]) => id);
}

async function statePort(): Promise<{ port: number }> {
  const sentinel = new Redis({ port: platform.servers.sentinelPort, password: STATE_PASSWORD });
  const [, port] = (await sentinel.call("SENTINEL", "GET-MASTER-ADDR-BY-NAME", "state")) as [string, string];
  sentinel.disconnect();
  return { port: Number(port) };
}

/** Compares what each client got with what there was for it: all of it, in order, each once, over all its drops. */
async function expectNothingMissed(clients: Client[]): Promise<void> {
  for (const [n, { received, updates, ready }] of clients.entries()) {
    const first = await ready();
    const there = await published(people[n]?.id ?? "", first.at);
    expect(there.length).toBeGreaterThan(10);
    await eventually(() => expect(updates().map(({ at }) => at)).toEqual(there));
    const recovered = received.filter(({ name }) => name === "ready").map(({ payload }) => payload.recovered);
    expect(recovered).toEqual([false, ...recovered.slice(1).map(() => true)]);
    expect(recovered.length).toBeGreaterThan(1);
  }
}

async function spawnApi(changes: Record<string, string>): Promise<{ api: Spawned; port: number }> {
  const api = platform.spawn("api", changes);
  const { httpPort } = await api.logged("started");
  return { api, port: Number(httpPort) };
}

const connectAll = async () => {
  const clients = people.map(({ token }) => client(door.port, token));
  await Promise.all(clients.map(({ ready }) => ready()));
  return clients;
};

test("an api that is killed: its clients go on at another, no event lost, none doubled", async () => {
  const { api, port } = await spawnApi({});
  door.to(port);
  const clients = await connectAll();
  const stop = keepChanging();
  await sleep(700);
  door.to(stays.httpPort);
  api.child.kill("SIGKILL");
  await Promise.all(clients.map(({ ready }) => ready(2)));
  await sleep(500);
  await stop(50);
  await expectNothingMissed(clients);
  expect(await metric(stays.adminPort, `${SOCKET_CONNECTIONS_TOTAL}{recovered="true"}`)).toBe(people.length);
}, 60_000);

test("three rolling restarts: clients are sent elsewhere in time, no event lost, none doubled, exit code 0", async () => {
  let { api, port } = await spawnApi({ DRAIN_SECONDS: "1" });
  door.to(port);
  const clients = await connectAll();
  const stop = keepChanging();
  for (let round = 0; round < 3; round++) {
    const next = await spawnApi({ DRAIN_SECONDS: "1" });
    door.to(next.port);
    const signalled = Date.now();
    api.child.kill("SIGTERM");
    expect(await api.exit).toBe(0);
    expect(Date.now() - signalled).toBeLessThan(5_000);
    ({ api, port } = next);
  }
  await Promise.all(clients.map(({ ready }) => ready(4)));
  await stop(50);
  await expectNothingMissed(clients);
}, 90_000);

test("a frozen state Redis: calls go on, clients stay, and changes are published afterwards, once", async () => {
  const [person] = people as [Person];
  const { ready, updates, dropped } = client(stays.httpPort, person.token);
  await ready();
  platform.servers.freeze("state", true);
  const started = performance.now();
  const ids: string[] = [];
  for (let n = 0; n < 3; n++) {
    const wish = { mediaType: "movie", tmdbId: ++nextId };
    const answer = await postAs(stays.httpPort, person.token, requests, wish);
    expect(answer.status).toBe(201);
    ids.push(answer.body.id);
  }
  expect(performance.now() - started).toBeLessThan(3_000);
  await sleep(500);
  expect(updates()).toEqual([]);
  const sample = `${UPDATES_PUBLISHED_TOTAL}{event="request.updated",outcome="failed"}`;
  await eventually(async () => expect(await metric(stays.adminPort, sample)).toBeGreaterThan(0));
  platform.servers.freeze("state", false);
  await eventually(
    () =>
      expect(
        updates()
          .map(({ payload }) => payload.id)
          .sort(),
      ).toEqual([...ids].sort()),
    25_000,
  );
  await sleep(500);
  expect(updates()).toHaveLength(3);
  expect(dropped).toEqual([]);
}, 60_000);

test("an update whose process died before it could publish it is published by a worker", async () => {
  const [person] = people as [Person];
  const { ready, updates } = client(stays.httpPort, person.token);
  await ready();
  const sql = "UPDATE requests SET status = 'declined' WHERE user_id = $1 AND status <> 'declined' RETURNING id";
  const [changed] = await platform.sql<{ id: string }>(`${sql}`, [person.id]);
  await eventually(
    () =>
      expect(updates().map(({ payload }) => [payload.id, payload.status])).toContainEqual([changed?.id, "declined"]),
    15_000,
  );
}, 30_000);

// The last: it ends all sessions.
test("a state Redis that comes back without its data: clients learn that they missed something, and go on", async () => {
  const { ready, updates, socket } = client(stays.httpPort, DEV_TOKEN);
  await ready();
  await platform.servers.kill("state");
  const { body } = await post(stays.httpPort, { mediaType: "movie", tmdbId: ++nextId });
  expect(body.status).toBe("pending");
  await eventually(async () =>
    expect((await call(stays.httpPort, `${requests}/${body.id}`)).body.status).toBe("available"),
  );
  expect(socket.connected).toBe(true);
  await platform.servers.restart("state");
  // The control of the tests above: here something is lost, and the client learns of it.
  expect((await ready(2)).payload).toEqual({ recovered: false });
  expect(socket.recovered).toBe(false);
  const later = await eventually(async () => {
    const answer = await post(stays.httpPort, { mediaType: "movie", tmdbId: ++nextId });
    expect(answer.status).toBe(201);
    return answer.body.id as string;
  });
  await eventually(() => expect(updates().map(({ payload }) => payload.id)).toContain(later));
}, 60_000);
