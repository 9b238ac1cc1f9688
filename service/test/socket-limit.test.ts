import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";
import { FALLBACKS_TOTAL, SOCKET_CLIENTS } from "../src/observability/metrics/names.ts";
import type { Running } from "../src/process/lifecycle.ts";
import { metric, type Person, person } from "./calls.ts";
import { eventually, type Platform, startPlatform } from "./platform.ts";
import { STATE_PASSWORD } from "./servers.ts";
import { type Client, client, closeClients, type Doorway, doorway } from "./sockets.ts";

const LIMITS = { SOCKET_UPKEEP_SECONDS: "1", SOCKETS_PER_USER: "3" };
/** How long a connection counts of which nothing is heard: two upkeeps and a half. */
const LIFE_MS = 2_500;

let platform: Platform;
let one: Running;
let other: Running;
let door: Doorway;
let redis: Redis;

beforeAll(async () => {
  platform = await startPlatform();
  [one, other] = [await platform.api(LIMITS), await platform.api(LIMITS)];
  door = await doorway();
  const sentinel = new Redis({ port: platform.servers.sentinelPort, password: STATE_PASSWORD });
  const [, port] = (await sentinel.call("SENTINEL", "GET-MASTER-ADDR-BY-NAME", "state")) as [string, string];
  sentinel.disconnect();
  redis = new Redis({ port: Number(port), password: STATE_PASSWORD });
});
afterEach(async () => {
  closeClients();
  for (const { adminPort } of [one, other])
    await eventually(async () => expect(await metric(adminPort, SOCKET_CLIENTS)).toBe(0));
});
afterAll(async () => {
  redis?.disconnect();
  door?.close();
  await platform?.stop();
});

const keyOf = ({ id }: Person) => `sockets-of:${id}`;
const someone = (name: string) => person(one.httpPort, name);
const once = { reconnection: false };

/** A connection that must be let in. */
async function enter(port: number, { token }: Person, more = {}): Promise<Client> {
  const it = client(port, token, more);
  await it.ready();
  expect(it.refused).toEqual([]);
  return it;
}

async function expectRefused(port: number, { token }: Person): Promise<void> {
  const { refused, received } = client(port, token, once);
  await eventually(() => expect(refused).toEqual([expect.objectContaining({ code: "rate-limited", retryAfter: 60 })]));
  expect(received).toEqual([]);
}

/** The user has as many as it may have: two here, one there. */
async function full(name: string): Promise<Person> {
  const who = await someone(name);
  for (const { httpPort } of [one, one, other]) await enter(httpPort, who, once);
  return who;
}

/** What the client's library brings along when it comes back. */
const secretOf = ({ socket }: Client) => (socket as unknown as { _pid: string })._pid;

async function spawnApi() {
  const doomed = platform.spawn("api", LIMITS);
  const { httpPort } = await doomed.logged("started");
  return { doomed, port: Number(httpPort) };
}

/** Tries again and again, as an application does. */
function entersWithin(ms: number, port: number, who: Person): Promise<void> {
  return eventually(async () => {
    const { socket, refused, received } = client(port, who.token, once);
    await eventually(() => expect(refused.length + received.length).toBeGreaterThan(0));
    if (refused.length > 0) socket.disconnect();
    expect(refused).toEqual([]);
  }, ms);
}

const connected = async () => {
  const counts = await Promise.all([one, other].map(({ adminPort }) => metric(adminPort, SOCKET_CLIENTS)));
  return counts.reduce((sum, count) => sum + count);
};

describe("a user's connections to all processes together", () => {
  test("are limited, and one that is closed makes room at each of them", async () => {
    const who = await someone("many");
    const first = await enter(one.httpPort, who);
    for (const { httpPort } of [one, other]) await enter(httpPort, who);
    for (const { httpPort } of [one, other]) await expectRefused(httpPort, who);
    // The control: it is this user who has too many.
    await enter(other.httpPort, await someone("else"));
    first.socket.disconnect();
    await entersWithin(1_000, other.httpPort, who);
  });

  test("are limited also where all of them come at once", async () => {
    const who = await someone("crowd");
    const crowd = Array.from({ length: 20 }, (_, n) => client((n % 2 ? one : other).httpPort, who.token, once));
    const answered = ({ refused, received }: Client) => refused.length + received.length > 0;
    await eventually(() => expect(crowd.filter(answered)).toHaveLength(20));
    expect(crowd.filter(({ received }) => received.length > 0)).toHaveLength(3);
  });

  test("count for as long as they are there, also where Redis has lost them", async () => {
    const who = await full("patient");
    await sleep(LIFE_MS + 1_000);
    await expectRefused(other.httpPort, who);
    await redis.del(keyOf(who));
    await sleep(1_500);
    await expectRefused(other.httpPort, who);
  });

  test("leave nothing behind in Redis", async () => {
    const who = await full("guest");
    expect(await redis.zcard(keyOf(who))).toBe(3);
    expect(await redis.pttl(keyOf(who))).toBeLessThanOrEqual(LIFE_MS);
    closeClients();
    await eventually(async () => expect(await redis.exists(keyOf(who))).toBe(0), 1_000);
  });
});

describe("a client that comes back is not refused for what it had before", () => {
  test.each([
    ["another process", () => other],
    ["the same process", () => one],
  ])("after a drop that its process has not noticed, at %s", async (_where, next) => {
    const who = await someone("roamer");
    door.to(one.httpPort);
    const roamer = await enter(door.port, who);
    for (const { httpPort } of [one, other]) await enter(httpPort, who);
    await expectRefused(other.httpPort, who);
    door.to(next().httpPort);
    door.lose();
    expect((await roamer.ready(2)).payload).toEqual({ recovered: true });
    expect(roamer.refused).toEqual([]);
    // What it had is closed, and it has one slot, not two.
    await eventually(async () => expect(await connected()).toBe(3), 3_000);
    await expectRefused(one.httpPort, who);
  });

  test("also where its place in the stream is not known any more, and it begins anew", async () => {
    const who = await someone("late");
    const late = await enter(one.httpPort, who, once);
    for (const { httpPort } of [one, other]) await enter(httpPort, who);
    const auth = { token: who.token, pid: secretOf(late), offset: "1-1" };
    const anew = await enter(other.httpPort, who, { auth });
    expect((await anew.ready()).payload).toEqual({ recovered: false });
    await eventually(() => expect(late.dropped).toEqual(["transport close"]), 3_000);
    expect(anew.dropped).toEqual([]);
  });

  test("after its process was killed, with all that it had there", async () => {
    const { doomed, port } = await spawnApi();
    door.to(port);
    const who = await someone("survivor");
    const clients = await Promise.all([1, 2, 3].map(() => enter(door.port, who)));
    door.to(other.httpPort);
    doomed.child.kill("SIGKILL");
    const readies = await Promise.all(clients.map(({ ready }) => ready(2)));
    expect(readies.map(({ payload }) => payload)).toEqual(Array(3).fill({ recovered: true }));
    expect(clients.flatMap(({ refused }) => refused)).toEqual([]);
    await expectRefused(one.httpPort, who);
  });
});

test("what a killed process had does not count for long", async () => {
  const { doomed, port } = await spawnApi();
  const who = await someone("bereaved");
  for (const at of [port, port, one.httpPort]) await enter(at, who, once);
  doomed.child.kill("SIGKILL");
  await doomed.exit;
  // The control: it did count.
  await expectRefused(other.httpPort, who);
  // Its connections began one after the other, and end so where it was killed before its first upkeep.
  await entersWithin(LIFE_MS + 1_000, other.httpPort, who);
  await entersWithin(LIFE_MS + 1_000, one.httpPort, who);
  await expectRefused(other.httpPort, who);
});

test("what another user's client is called is of no use", async () => {
  const [ann, mallory] = [await someone("ann"), await full("mallory")];
  const anns = await enter(one.httpPort, ann);
  const auth = { token: mallory.token, pid: secretOf(anns), offset: (await anns.ready()).at };
  const { refused } = client(other.httpPort, mallory.token, { ...once, auth });
  await eventually(() => expect(refused).toMatchObject([{ code: "rate-limited" }]));
  await sleep(1_500);
  expect(anns.dropped).toEqual([]);
});

test("while Redis is away each process counts its own, at once; afterwards they are counted together", async () => {
  const who = await someone("unlucky");
  const fallbacks = `${FALLBACKS_TOTAL}{dependency="redis-state",result="hit"}`;
  const before = await metric(one.adminPort, fallbacks);
  platform.servers.freeze("state", true);
  const clients: Client[] = [];
  try {
    for (const { httpPort } of [one, one, one, other, other]) {
      const started = performance.now();
      clients.push(await enter(httpPort, who));
      expect(performance.now() - started).toBeLessThan(1_500);
    }
    await expectRefused(one.httpPort, who);
    expect(await metric(one.adminPort, fallbacks)).toBe(before + 3);
  } finally {
    platform.servers.freeze("state", false);
  }
  await eventually(async () => expect(await redis.zcard(keyOf(who))).toBe(5));
  await expectRefused(other.httpPort, who);
  // No client that was let in is disconnected.
  expect(clients.flatMap(({ dropped }) => dropped)).toEqual([]);
  for (const { socket } of clients.splice(0, 3)) socket.disconnect();
  await entersWithin(2_000, one.httpPort, who);
});
