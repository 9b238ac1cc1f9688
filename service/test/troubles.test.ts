import { setTimeout as sleep } from "node:timers/promises";
import type { OutsideService } from "../src/clients/json-api.ts";
import type { Running } from "../src/lifecycle.ts";
import { type Answer, call, eventually, type Platform, post, startPlatform } from "./platform.ts";
import { type FaultProxy, startProxy } from "./proxy.ts";

/** Dependencies that come and go every moment, or that answer what is not their protocol. */
let platform: Platform;
let api: Running;
let database: FaultProxy;
let cache: FaultProxy;
let nextId = 400_000;

beforeAll(async () => {
  platform = await startPlatform();
  [database, cache] = [await startProxy(platform.servers.pgbouncerPort), await startProxy(platform.servers.cachePort)];
  api = await platform.api({ PGPORT: String(database.port), REDIS_CACHE_URL: `redis://127.0.0.1:${cache.port}` });
});
afterAll(async () => {
  await platform?.stop();
  database?.close();
  cache?.close();
});

const get = (path: string) => call(api.httpPort, `/api/v1/${path}`);
const PROBES = {
  createRequest: () => post(api.httpPort, { mediaType: "movie", tmdbId: ++nextId }),
  listRequests: () => get("requests?limit=1"),
  getOpenapi: () => get("openapi.json"),
  discover: () => get(`discover?mediaType=movie&page=${(++nextId % 900) + 1}`),
  listTrailers: () => get(`titles/movie/${++nextId}/trailers`),
  getLibrary: () => get(`library?limit=${(++nextId % 100) + 1}`),
  getOverseerr: () => get("admin/overseerr"),
};
type Probe = keyof typeof PROBES;

const FLAP_MS = 250;
const ROUNDS = 10;
/** Longest that any answer may take while things come and go: all tries of the slowest policy, and no more. */
const LONGEST_MS = 8_000;

function flapping(proxy: () => FaultProxy) {
  return async () => {
    let down = false;
    const timer = setInterval(() => {
      down = !down;
      proxy().set(down ? "dead" : "none");
    }, FLAP_MS);
    return async () => {
      clearInterval(timer);
      proxy().set("none");
    };
  };
}

function garbage(proxy: () => FaultProxy) {
  return async () => {
    proxy().set("garbage");
    return async () => proxy().set("none");
  };
}

/** A server that is killed and comes back, again and again. */
async function flappingState() {
  let on = true;
  const loop = (async () => {
    while (on) {
      await platform.servers.kill("state");
      await sleep(FLAP_MS);
      await platform.servers.restart("state");
      await sleep(FLAP_MS);
    }
  })();
  return async () => {
    on = false;
    await loop;
  };
}

function knobs(service: OutsideService, settings: object) {
  return async () => {
    await platform.knobs(settings, service);
    return () => platform.knobs({}, service);
  };
}

const FLAP = { flap: { upMs: FLAP_MS, downMs: FLAP_MS } };
const GARBAGE = { garbage: true };
const USERS: [OutsideService, Probe[]][] = [
  ["tmdb", ["createRequest", "discover", "listTrailers"]],
  ["plex", ["getLibrary"]],
  ["youtube", ["listTrailers"]],
  ["overseerr", ["getOverseerr"]],
];

const CASES: [name: string, begin: () => Promise<() => Promise<unknown>>, affected: Probe[]][] = [
  ["a database that flaps", flapping(() => database), ["createRequest", "listRequests"]],
  ["a database that talks garbage", garbage(() => database), ["createRequest", "listRequests"]],
  ["a cache that flaps", flapping(() => cache), []],
  ["a cache that talks garbage", garbage(() => cache), []],
  ["a state Redis that flaps", flappingState, []],
  ...USERS.flatMap(([service, affected]): typeof CASES => [
    [`${service} that flaps`, knobs(service, FLAP), affected],
    [`${service} that talks garbage`, knobs(service, GARBAGE), affected],
  ]),
];

test.each(CASES)(
  "with %s everything else works, and what needs it says so in time",
  async (_name, begin, affected) => {
    await isWell();
    const end = await begin();
    const surprises: unknown[] = [];
    try {
      for (let round = 0; round < ROUNDS; round++)
        await Promise.all(
          Object.entries(PROBES).map(async ([probe, ask]) => {
            const started = performance.now();
            const answer = await ask();
            const ms = Math.round(performance.now() - started);
            const { status, body } = answer;
            const fine = status < 300 || (affected.includes(probe as Probe) && isHonest(answer));
            if (!fine || ms > LONGEST_MS) surprises.push({ probe, status, code: body.code, ms });
          }),
        );
    } finally {
      await end();
    }
    expect(surprises).toEqual([]);
    await isWell();
  },
  120_000,
);

/** A trouble that has a name, never a fault of ours. */
function isHonest({ status, body }: Answer): boolean {
  return status >= 502 && body.code !== "internal";
}

function isWell(): Promise<void> {
  return eventually(async () => {
    for (const ask of Object.values(PROBES)) expect((await ask()).status).toBeLessThan(300);
  }, 20_000);
}
