import { setTimeout as sleep } from "node:timers/promises";
import { eventually } from "../../test/platform.ts";
import {
  attemptsOf,
  incidentsOf,
  kindsOf,
  notificationOf,
  plantIdleSession,
  send,
  type World,
} from "../../test/responder-world.ts";
import type { Row } from "../main.ts";
import { tell } from "../rounds.ts";
import { FAULTS, type Fault, prepareFaults } from "./faults.ts";
import { end, responderOf, WHERE } from "./responder.ts";

const BOUND_SECONDS = 90;
const ROUNDS = 5;
const REPLAYS = 1_000;
const KILLS = 20;

/** Seconds from the alert's notification until the incident is closed and its fault gone; infinite where that did not come. */
async function mendedAfter(world: World, port: number, fault: Fault): Promise<number> {
  const { alert, category, labels, ruleSeconds } = fault;
  const { holds, end: over } = await fault.cause(world);
  // Sessions and statements have to be as old as the playbooks' limits.
  await sleep(1_500);
  world.signals.rules.set(alert, { query: alert, duration: ruleSeconds });
  world.signals.samples.set(alert, async () => ((await holds()) ? [labels] : []));
  const from = performance.now();
  await send({ httpPort: port }, notificationOf(alert, {}, { category, ...labels }));
  try {
    const id = await eventually(async () => {
      const [incident] = await incidentsOf(world.platform, alert);
      if (incident?.state !== "closed") throw new Error(`${alert} is ${incident?.state}`);
      return incident.id;
    }, 240_000);
    const seconds = (performance.now() - from) / 1_000;
    const done = (await attemptsOf(world.platform, id)).some(({ outcome }) => outcome === "done");
    if (!done || (await holds())) throw new Error(`${alert} passed without a mend`);
    tell(`${alert}: mended and verified in ${seconds.toFixed(1)} s (its rule waits ${ruleSeconds} s)`);
    return seconds;
  } catch (error) {
    tell(String(error));
    return Number.POSITIVE_INFINITY;
  } finally {
    world.signals.samples.delete(alert);
    await over();
  }
}

/** Eight kinds of faults, five times; the kinds of a round at once, as on a bad day. */
export async function faults(world: World): Promise<Row[]> {
  await prepareFaults(world);
  const { httpPort } = await responderOf(world, "bench-faults");
  const seconds: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    // Cooldowns are for those who ask again; each round is another day.
    await world.platform.sql("UPDATE incident_attempts SET begun_at = begun_at - interval '1 day'");
    seconds.push(...(await Promise.all(FAULTS.map((fault) => mendedAfter(world, httpPort, fault)))));
    tell(`faults, round ${round + 1}/${ROUNDS}`);
  }
  const share = (within: (seconds: number) => boolean) => seconds.filter(within).length / seconds.length;
  const kinds = `${FAULTS.length} kinds × ${ROUNDS} injected warning faults`;
  return [
    {
      name: `${WHERE} share of ${kinds} mended and verified within ${BOUND_SECONDS} s`,
      unit: "",
      atLeast: 0.95,
      values: [share((one) => one <= BOUND_SECONDS)],
    },
    {
      name: `${WHERE} share of ${kinds} mended and verified at all`,
      unit: "",
      atLeast: 1,
      values: [share(Number.isFinite)],
    },
  ];
}

/** One alert, told a thousand times: doubled, in the wrong order, all at once, and again when all is over. */
export async function replays(world: World): Promise<Row[]> {
  const { platform } = world;
  const { httpPort } = await responderOf(world, "bench-replays", { QUIET_SECONDS: "2" });
  const session = await plantIdleSession(platform);
  await sleep(1_500);
  const firing = notificationOf("IdleInTransaction");
  const resolved = {
    ...firing,
    alerts: [{ ...firing.alerts[0], status: "resolved", endsAt: new Date().toISOString() }],
  };
  const sendMany = async (many: number) => {
    for (let sent = 0; sent < many; sent += 50)
      await Promise.all(Array.from({ length: 50 }, (_, n) => send({ httpPort }, n % 5 === 4 ? resolved : firing)));
  };
  await send({ httpPort }, firing);
  await sendMany(REPLAYS / 2);
  await eventually(async () => {
    if ((await incidentsOf(platform, "IdleInTransaction"))[0]?.state !== "closed") throw new Error("not closed");
  }, 120_000);
  // Another one is idle now: a replay that acted would end it.
  const other = await plantIdleSession(platform);
  await sleep(1_500);
  await sendMany(REPLAYS / 2);
  await sleep(5_000);
  const incidents = await incidentsOf(platform, "IdleInTransaction");
  const attempts = (await Promise.all(incidents.map(({ id }) => attemptsOf(platform, id)))).flat();
  const repeated = incidents.length - 1 + (attempts.length - 1) + (other.state.ended ? 1 : 0);
  await session.end();
  await other.end();
  return [
    {
      name: `${WHERE} repeated actions on ${REPLAYS} doubled, re-ordered and replayed webhooks`,
      unit: "actions",
      bound: 0,
      values: [repeated],
    },
  ];
}

/** Ends the responder at a random moment of a remediation, and lets the next one go on. */
export async function kills(world: World): Promise<Row[]> {
  const { platform } = world;
  const values: number[] = [];
  for (let n = 0; n < KILLS; n++) {
    const session = await plantIdleSession(platform);
    await sleep(1_500);
    await platform.sql("UPDATE incident_attempts SET begun_at = begun_at - interval '1 day'");
    const quick = { QUIET_SECONDS: "1" };
    const victim = await responderOf(world, "bench-kills", quick);
    await send(victim, notificationOf("IdleInTransaction"));
    const moment = Math.random() * 600;
    await sleep(moment);
    await end(victim);
    // The lease of the dead process ends.
    await platform.sql("UPDATE incidents SET lease_until = now() WHERE state <> 'closed' AND lease_until > now()");
    const next = await responderOf(world, "bench-kills", quick);
    let wrong = 0;
    try {
      const id = await eventually(async () => {
        const [incident] = await incidentsOf(platform, "IdleInTransaction");
        if (incident?.state !== "closed") throw new Error(`the incident is ${incident?.state}`);
        return incident.id;
      }, 90_000);
      const attempts = await attemptsOf(platform, id);
      const written = (await kindsOf(platform, id)).filter((kind) => kind === "attempt").length;
      const twice = attempts.filter(({ outcome }) => outcome === "done").length > 1;
      const open = attempts.some(({ outcome }) => outcome === null);
      wrong = [twice, open, written !== attempts.length, !session.state.ended].filter(Boolean).length;
    } catch (error) {
      tell(String(error));
      wrong = 1;
    }
    await end(next);
    await session.end();
    values.push(wrong);
    tell(`kill ${n + 1}/${KILLS} after ${moment.toFixed(0)} ms: ${wrong} wrong`);
  }
  const name = `${WHERE} actions done twice, lost or without their audit when the responder is killed in a remediation`;
  return [{ name, unit: "cases", bound: 0, values }];
}
