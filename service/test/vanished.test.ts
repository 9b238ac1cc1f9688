import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { CIRCUIT_STATE } from "../src/observability/metrics/names.ts";
import type { Dependency } from "../src/resilience/policies.ts";
import { metric, person, post } from "./calls.ts";
import { type Lane, openLane } from "./lanes.ts";
import { eventually, type Platform, startPlatform } from "./platform.ts";
import { freshProbes, type Probe, type Probes } from "./probes.ts";
import { startProxy } from "./proxy.ts";
import { troubleSeen } from "./trouble-seen.ts";

/**
 * Servers that go away without a word and are back at once, elsewhere: what was connected to them stays silent and sees no
 * end, as when a pod's node or interface is gone. Each must be of use again within this time.
 */
const USABLE_MS = 10_000;
/** So long without trouble is taken for well. */
const CALM_MS = 2_000;
const LOOK_MS = 100;
/** Many connections are open when the server vanishes, and few calls come to find out. */
const AT_ONCE = 30;
const CALLERS = 2;

/** What asks each of them. */
const ASKED = {
  database: "createRequest",
  "database-replica": "listRequests",
  "redis-cache": "getRequest",
  "redis-state": "listRequests",
  tmdb: "discover",
  overseerr: "getOverseerr",
} as const satisfies Partial<Record<Dependency, Probe>>;
type Name = keyof typeof ASKED;
const NAMES = Object.keys(ASKED) as Name[];

let platform: Platform;
const lanes = new Map<Name, Lane & { probes: Probes }>();
const lane = (name: Name) => lanes.get(name) as Lane & { probes: Probes };

beforeAll(async () => {
  platform = await startPlatform();
  for (const [n, name] of NAMES.entries()) {
    const opened = await openLane(platform, name, n);
    const { httpPort } = opened.api;
    const { body } = await post(httpPort, { mediaType: "movie", tmdbId: 500_000 + n });
    const { email } = await person(httpPort, "constant");
    lanes.set(name, { ...opened, probes: freshProbes(httpPort, { id: body.id, email }) });
  }
}, 90_000);
afterAll(async () => {
  await platform?.stop();
  for (const { close } of lanes.values()) await close();
});

/** Milliseconds until no more trouble with the dependency was counted for a while; undefined where there was none at all. */
async function troubledFor(name: Name): Promise<number | undefined> {
  const { api, set, probes } = lane(name);
  const ask = probes[ASKED[name]];
  let going = true;
  const caller = async () => {
    while (going) await Promise.all([ask(), sleep(LOOK_MS)]);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, ask));
  const calling = Array.from({ length: CALLERS }, caller);
  let [counted, last] = [await troubleSeen(api.adminPort, name), undefined as number | undefined];
  const vanished = performance.now();
  await set("vanished");
  const passed = () => performance.now() - vanished;
  // The first call that meets it may come late: its connection may be a new one.
  const isOver = () => (last === undefined ? passed() > 2 * USABLE_MS : passed() - last > 2 * CALM_MS);
  while (!isOver()) {
    await sleep(LOOK_MS);
    const now = await troubleSeen(api.adminPort, name);
    const open = (await metric(api.adminPort, `${CIRCUIT_STATE}{dependency="${name}"}`)) > 0;
    if (now > counted || open) last = passed();
    counted = now;
    if (passed() > 4 * USABLE_MS) break;
  }
  going = false;
  await Promise.all(calling);
  return last;
}

test.each(NAMES)(
  `%s: usable again within ${USABLE_MS / 1_000} s`,
  async (name) => {
    const lasted = await troubledFor(name);
    // The control: it did vanish.
    expect(lasted).toBeGreaterThan(0);
    expect(lasted).toBeLessThan(USABLE_MS);
  },
  60_000,
);

test("live updates come again as soon", async () => {
  const { set, probes } = lane("redis-state");
  await eventually(async () => expect((await probes.liveUpdates()).body.late).toBeUndefined());
  await set("vanished");
  const vanished = performance.now();
  expect((await probes.liveUpdates()).body).toMatchObject({ late: true });
  await eventually(async () => expect((await probes.liveUpdates()).body.late).toBeUndefined(), 4 * USABLE_MS);
  expect(performance.now() - vanished).toBeLessThan(USABLE_MS);
}, 90_000);

test("the control: a connection that nothing watches stays silent for as long", async () => {
  const proxy = await startProxy(platform.servers.cachePort);
  const socket = connect(proxy.port, "127.0.0.1");
  let answers = 0;
  socket.on("data", () => {
    answers += 1;
  });
  socket.write("PING\r\n");
  await eventually(() => expect(answers).toBe(1));
  proxy.set("vanished");
  for (let n = 0; n < USABLE_MS / 1_000; n++) {
    socket.write("PING\r\n");
    await sleep(1_000);
  }
  expect([answers, socket.destroyed]).toEqual([1, false]);
  socket.destroy();
  proxy.close();
}, 60_000);
