import { setTimeout as sleep } from "node:timers/promises";
import { eventually } from "@media/drills/eventually";
import { plantIdleSession } from "@media/drills/faults/idle-session";
import { type Stack as DrillStack, kubectl, targetOf } from "@media/drills/stack";
import { journey } from "@media/drills/verify/journey";
import { inPostgres, sql } from "@media/drills/verify/postgres";
import { recordValues } from "../bench/figures.ts";
import type { Layout } from "../cluster/layout.ts";
import { say } from "../lib/progress.ts";
import { access } from "../stack/access.ts";
import { useEnvironment } from "../stack/environment.ts";
import { makeUp } from "./kills.ts";

/** After the alert fires: the mend, and the rule's own time without it. */
const BOUND_SECONDS = 90;
/** From the fault to the end of its incident at most: the alert has to fire first. */
const PATIENCE_SECONDS = 900;
const WANTED_SHARE = 0.95;
/** Of a clean soak, a COUNT. */
const HOUR_MS = 3_600_000;
const BETWEEN_JOURNEYS_MS = 60_000;

/** A real fault on the running stack, of which Prometheus' own alert tells. */
interface Fault {
  readonly alert: string;
  readonly cause: (stack: DrillStack, name: string) => Promise<void>;
}

const AS_APPLICATION =
  'PGPASSWORD="$(cat /run/secrets/roles/database-password)" psql -h 127.0.0.1 -U "$(cat /run/secrets/roles/database-user)" -X -d media';
const inBackground = (stack: DrillStack, script: string) =>
  inPostgres(stack, "primary", ["bash", "-c", `{ ${script}; } </dev/null >/dev/null 2>&1 &`]);

const FAULTS: readonly Fault[] = [
  { alert: "IdleInTransaction", cause: (stack, name) => plantIdleSession(stack, name, "application") },
  {
    alert: "QueryRunsLong",
    cause: async (stack) => void (await inBackground(stack, `${AS_APPLICATION} -c "select pg_sleep(1800)"`)),
  },
  {
    alert: "CacheEmptied",
    // It had keys; then its only pod is another one.
    cause: async (stack) => {
      const target = await targetOf(stack);
      for (let n = 0; n < 60; n++) await journey(target);
      await sleep(BETWEEN_JOURNEYS_MS);
      await kubectl(stack, ["delete", "pod", "-l", "app.kubernetes.io/name=redis-cache"]);
    },
  },
  {
    alert: "WalPilesUp",
    // A member that is away holds the log, until the alert is so; then it is held no more.
    cause: async (stack) => {
      const fill = "select pg_logical_emit_message(false, 'soak', repeat('x', 100)); select pg_switch_wal()";
      await sql(stack, "primary", "select pg_create_physical_replication_slot('soak', true)");
      for (let n = 0; n < 56; n++) await sql(stack, "primary", fill, { oneByOne: true });
      await sql(stack, "primary", "checkpoint; select pg_drop_replication_slot('soak')", { oneByOne: true });
    },
  },
];

const newest = (alert: string, since: string) =>
  `alert = '${alert}' and opened_at > '${since}' order by opened_at desc limit 1`;

/** Seconds from the alert to the end of its incident; infinite where it was not mended by a playbook. */
async function mendedAfter(stack: DrillStack, { alert, cause }: Fault, name: string): Promise<number> {
  const since = await sql(stack, "primary", "select now()");
  await cause(stack, name);
  try {
    return await eventually(`${alert} to be mended`, PATIENCE_SECONDS, async () => {
      const row = await sql(
        stack,
        "primary",
        `select id, state, extract(epoch from resolved_at - opened_at) from incidents where ${newest(alert, since)}`,
      );
      const [id, state, seconds] = row.split("|");
      if (state !== "closed") throw new Error(`its incident is ${state ?? "not there"}`);
      const done = `select count(*) from incident_attempts where incident_id = '${id}' and outcome = 'done'`;
      return Number(await sql(stack, "primary", done)) > 0 ? Number(seconds) : Number.POSITIVE_INFINITY;
    });
  } catch (error) {
    say(String(error));
    return Number.POSITIVE_INFINITY;
  }
}

/**
 * Real faults, each kind so many times, on a stack dev of the soak's own: the share that was mended and verified in time.
 *
 * @param rounds how often each kind
 */
export async function incidents(layout: Layout, rounds: number): Promise<void> {
  const stack = await up(layout);
  const seconds: number[] = [];
  for (let round = 1; round <= rounds; round++) {
    for (const fault of FAULTS) {
      const took = await mendedAfter(stack, fault, `soak-${round}`);
      seconds.push(took);
      say(`round ${round} of ${rounds}, ${fault.alert}: ${took.toFixed(1)} s from the incident to its end`);
    }
  }
  const share = seconds.filter((took) => took <= BOUND_SECONDS).length / seconds.length;
  say(`${(share * 100).toFixed(1)} % of ${seconds.length} faults of ${FAULTS.length} kinds within ${BOUND_SECONDS} s`);
  const name = `incidents, running stack: share of ${FAULTS.length} kinds × ${rounds} real faults mended and verified within ${BOUND_SECONDS} s of their alert`;
  await recordValues({ name, unit: "", bound: WANTED_SHARE, atLeast: true }, [share]);
  if (share < WANTED_SHARE) process.exitCode = 1;
}

/**
 * Hours with a journey a minute and no fault: no playbook may act.
 *
 * @param hours how many
 */
export async function cleanIncidents(layout: Layout, hours: number): Promise<void> {
  const stack = await up(layout);
  const target = await targetOf(stack);
  const since = await sql(stack, "primary", "select now()");
  for (const end = Date.now() + hours * HOUR_MS; Date.now() < end; ) {
    await journey(target);
    await sleep(BETWEEN_JOURNEYS_MS);
  }
  const acted = await sql(
    stack,
    "primary",
    `select i.alert, a.playbook, a.outcome from incident_attempts a join incidents i on i.id = a.incident_id where a.begun_at > '${since}'`,
  );
  const opened = await sql(stack, "primary", `select alert, state from incidents where opened_at > '${since}'`);
  say(`${hours} h without a fault: actions: ${acted || "none"}; incidents: ${opened || "none"}`);
  const clean = `running stack, ${hours} h with a request a minute and no fault`;
  const lines = (text: string) => text.split("\n").filter(Boolean).length;
  await recordValues({ name: `${clean}: actions of the responder`, unit: "actions", bound: 0 }, [lines(acted)]);
  await recordValues({ name: `${clean}: incidents`, unit: "incidents", bound: 0 }, [lines(opened)]);
  if (acted) process.exitCode = 1;
}

/** A stack dev of the soak's own, running. */
export async function up(layout: Layout): Promise<DrillStack> {
  useEnvironment(layout, "dev");
  const { problems } = await makeUp(layout);
  if (problems.length > 0) throw new Error(problems.join("; "));
  return access({ layout, name: "dev" });
}
