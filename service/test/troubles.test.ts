import { setTimeout as sleep } from "node:timers/promises";
import { DEGRADATION, type Degraded } from "../src/http/degradation.ts";
import type { Dependency } from "../src/resilience/policies.ts";
import { type Answer, person, post } from "./calls.ts";
import { type Lane, openLane, type Trouble } from "./lanes.ts";
import { eventually, type Platform, startPlatform } from "./platform.ts";
import { freshProbes, type Probe, type Probes } from "./probes.ts";
import { LEAST_TROUBLE, troubleSeen } from "./trouble-seen.ts";

/**
 * Dependencies that come and go every moment, or that answer what is not their protocol; dead and slow ones are in
 * degradation.test.ts. Each has an api of its own, which recovers while the next one is in trouble.
 */
const TROUBLES: Record<string, Trouble[]> = { flaps: ["dead", "none"], "talks garbage": ["garbage"] };
const DEPENDENCIES = Object.keys(DEGRADATION) as Dependency[];
const PHASE_MS = 300;
const LASTS_MS = 1_800;
/** On a busy machine it takes longer until the trouble was met often enough. */
const LASTS_AT_MOST_MS = 20_000;
/** Between two calls of the same probe. A login is mostly hashing, which is the same each time and would keep a core busy. */
const PAUSE_MS = 100;
const LOGIN_PAUSE_MS = 700;
/** Longest that any answer may take while things come and go: all tries of the slowest policy, and no more. */
const LONGEST_MS = 8_000;

/** The circuit is all that one sees of a replica's trouble: three failures in a row open it. */
const moreLists = ({ listRequests }: Probes) => [1, 2, 3].map(() => ["listRequests", listRequests] as const);

interface Probed extends Lane {
  probes: Probes;
}

let platform: Platform;
const lanes: Lane[] = [];
const probed = new Map<Dependency | "calm", Probed>();

beforeAll(async () => {
  platform = await startPlatform();
  for (const [n, name] of (["calm", ...DEPENDENCIES] as const).entries()) {
    const lane = await openLane(platform, name, n);
    lanes.push(lane);
    const { httpPort } = lane.api;
    const { body } = await post(httpPort, { mediaType: "movie", tmdbId: 300_000 + n });
    const { email } = await person(httpPort, "constant");
    probed.set(name, { ...lane, probes: freshProbes(httpPort, { id: body.id, email }) });
  }
}, 60_000);
afterAll(async () => {
  await platform?.stop();
  for (const lane of lanes) await lane.close();
});

test("the control: without trouble all works, and nothing is counted as trouble", async () => {
  // A busy machine makes trouble of its own, but not all the time.
  await eventually(async () => {
    const { surprises, seen } = await watch("calm", ["none"], DEPENDENCIES);
    expect(surprises).toEqual([]);
    expect(seen).toBeLessThan(LEAST_TROUBLE);
  }, 20_000);
}, 60_000);

const cases = Object.keys(TROUBLES).flatMap((trouble) => DEPENDENCIES.map((name) => [name, trouble] as const));
test.each(cases)(
  "while %s %s, everything else works, and what needs it says so in time",
  async (name, trouble) => {
    await eventually(async () => {
      const { surprises, seen } = await watch(name, TROUBLES[trouble] as Trouble[], [name]);
      expect(surprises).toEqual([]);
      // Had the trouble not arrived, all of it would have worked as well.
      expect(seen).toBeGreaterThanOrEqual(LEAST_TROUBLE);
    }, 20_000);
  },
  90_000,
);

test("afterwards all are well again", async () => {
  for (const { probes } of probed.values()) await isWell(probes);
}, 60_000);

interface Seen {
  /** Answers that should not have been. */
  surprises: unknown[];
  /** How much trouble with these dependencies the api itself has counted. */
  seen: number;
}

async function watch(name: Dependency | "calm", phases: Trouble[], count: Dependency[]): Promise<Seen> {
  const { api, set, probes } = probed.get(name) as Probed;
  await isWell(probes);
  const counted = async () => {
    const counts = await Promise.all(count.map((dependency) => troubleSeen(api.adminPort, dependency)));
    return counts.reduce((sum, one) => sum + one, 0);
  };
  const before = await counted();
  let most = before;
  const surprises: unknown[] = [];
  const started = Date.now();
  const goes = () => {
    const passed = Date.now() - started;
    const met = name === "calm" || most - before >= LEAST_TROUBLE;
    return passed < LASTS_MS || (!met && passed < LASTS_AT_MOST_MS);
  };
  await Promise.all([
    repeat(goes, PHASE_MS, (n) => set(phases[n % phases.length] as Trouble)),
    repeat(goes, PHASE_MS / 2, async () => {
      most = Math.max(most, await counted());
    }),
    ...([...Object.entries(probes), ...moreLists(probes)] as [Probe, () => Promise<Answer>][]).map(([probe, ask]) =>
      repeat(goes, probe === "login" ? LOGIN_PAUSE_MS : PAUSE_MS, async () => {
        const asked = performance.now();
        const answer = await ask();
        const ms = Math.round(performance.now() - asked);
        const { status, body } = answer;
        if (!fits(name === "calm" ? "works" : DEGRADATION[name][probe], answer) || ms > LONGEST_MS)
          surprises.push({ probe, status, code: body.code, late: body.late, ms });
      }),
    ),
  ]).finally(() => set("none"));
  return { surprises, seen: most - before };
}

async function repeat(goes: () => boolean, pauseMs: number, work: (n: number) => Promise<unknown>): Promise<void> {
  for (let n = 0; goes(); n++) {
    await work(n);
    await sleep(pauseMs);
  }
}

/** Trouble that comes and goes lets some answers through; the rest are as with a dependency that is dead. */
function fits(expected: Degraded, { status, headers, body }: Answer): boolean {
  const stale = headers.get("warning") !== null;
  if (expected === "works") return status < 300 && !stale && !body.late;
  if (expected === "stale" || expected === "late") return status < 300;
  return status < 300 || expected.includes(body.code) || body.code === "upstream-bad-response";
}

function isWell(probes: Probes): Promise<void> {
  return eventually(async () => {
    for (const ask of Object.values(probes)) expect((await ask()).status).toBeLessThan(300);
  }, 20_000);
}
