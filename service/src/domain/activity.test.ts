import type { Database } from "../data/postgres/database.ts";
import { createLogger } from "../observability/log.ts";
import { createMetrics } from "../observability/metrics/metrics.ts";
import { createActivity } from "./activity.ts";

const DAY = 86_400_000;
/** A Sunday. */
const SUNDAY = Date.UTC(2026, 10, 22, 12);
const log = createLogger({ process: "api", SERVICE_VERSION: "test", LOG_LEVEL: "fatal" });

/** Remembers what is written; away while `away`. */
function store() {
  const state = { away: false, rows: [] as string[] };
  const query = async (_text: string, [days, kinds, whos]: string[][]) => {
    if (state.away) throw new Error("away");
    for (const [n, day] of (days ?? []).entries()) state.rows.push(`${day} ${kinds?.[n]} ${whos?.[n]}`);
    return { rows: [] };
  };
  const connect = async () => ({ query, release() {} });
  return { state, database: { primary: { connect } } as unknown as Database };
}

function fresh(start = SUNDAY) {
  const { state, database } = store();
  const clock = { now: start };
  const activity = createActivity({ database, metrics: createMetrics("1"), log }, "secret", () => clock.now);
  return { state, clock, activity };
}

test("each account once a day, however often it calls", async () => {
  const { state, clock, activity } = fresh();
  for (const id of ["a", "b", "a"]) activity.account(id);
  await activity.flush();
  activity.account("a");
  await activity.flush();
  clock.now += DAY;
  activity.account("a");
  await activity.flush();
  expect(state.rows).toEqual(["2026-11-22 account a", "2026-11-22 account b", "2026-11-23 account a"]);
});

test("a visitor is the same one all week and another the next; browsers at one address differ", async () => {
  const { state, clock, activity } = fresh(SUNDAY - DAY);
  const visit = async () => {
    activity.visitor("192.0.2.1", "browser");
    await activity.flush();
    clock.now += DAY;
    return state.rows.at(-1)?.split(" ")[2];
  };
  const [saturday, sunday, monday] = [await visit(), await visit(), await visit()];
  expect(sunday).toBe(saturday);
  expect(monday).not.toBe(saturday);
  activity.visitor("192.0.2.1", "another browser");
  await activity.flush();
  expect(new Set(state.rows).size).toBe(4);
});

test("what cannot be written is written later, with the day on which it was", async () => {
  const { state, clock, activity } = fresh();
  state.away = true;
  activity.account("a");
  await activity.flush();
  clock.now += DAY;
  activity.account("a");
  await activity.flush();
  expect(state.rows).toEqual([]);
  state.away = false;
  await activity.flush();
  expect(state.rows.sort()).toEqual(["2026-11-22 account a", "2026-11-23 account a"]);
});

test("memory is bounded, and who was left out is counted", async () => {
  const { database } = store();
  const metrics = createMetrics("1");
  const activity = createActivity({ database, metrics, log }, "secret", () => SUNDAY);
  for (let n = 0; n < 100_005; n++) activity.account(String(n));
  expect(await metrics.registry.metrics()).toContain('media_activity_dropped_total{kind="account"} 5');
});
