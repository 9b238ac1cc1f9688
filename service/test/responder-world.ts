import { writeFileSync } from "node:fs";
import { join } from "node:path";
import pg from "pg";
import type { Running } from "../src/process/lifecycle.ts";
import { connectionTo, eventually, type Platform, startPlatform } from "./platform.ts";
import { type Signals, startSignals } from "./signals.ts";

export const RESPONDER_TOKEN = "responder-token-of-the-tests";
export const PAGERDUTY_SECRET = "pagerduty-secret-of-the-tests";
export const SLACK_SECRET = "slack-secret-of-the-tests";
const PAGERDUTY_KEY = "pagerduty-key-of-the-tests";
const OPERATIONS_PASSWORD = "operations-password-of-the-tests";
const SESSIONS = "pg_stat_activity idle";

/** An api, and what the responder looks at; each test starts responders as it needs them. */
export interface World {
  platform: Platform;
  signals: Signals;
  api: Running;
  /** Variables of a responder whose spool is this folder. */
  env(spool: string): Record<string, string>;
  stop(): Promise<void>;
}

export async function startWorld(): Promise<World> {
  const [platform, signals] = [await startPlatform(), await startSignals()];
  const api = await platform.api();
  await createResponderRole(platform);
  watchIdleSessions(platform, signals);
  return {
    platform,
    signals,
    api,
    env: (spool) => responderEnv(platform, signals, spool),
    async stop() {
      await platform.stop();
      await signals.stop();
    },
  };
}

/** The responder's role as infra/data/postgres/roles.sql makes it; the superuser signs in without a password here. */
async function createResponderRole({ servers }: Platform): Promise<void> {
  const client = new pg.Client({ ...connectionTo(servers), user: "postgres", database: "postgres" });
  await client.connect();
  await client.query(`CREATE ROLE responder LOGIN PASSWORD '${OPERATIONS_PASSWORD}'`);
  await client.query("GRANT pg_checkpoint, pg_signal_backend, pg_read_all_stats TO responder");
  await client.end();
  const media = new pg.Client({ ...connectionTo(servers), user: "postgres" });
  await media.connect();
  await media.query(
    "GRANT EXECUTE ON FUNCTION pg_ls_waldir(), pg_ls_archive_statusdir(), pg_switch_wal() TO responder",
  );
  await media.end();
}

/** What a responder's process is started with, against the test's servers. */
function responderEnv({ servers }: Platform, { url }: Signals, folder: string): Record<string, string> {
  const files = {
    "responder-webhook-token": RESPONDER_TOKEN,
    "operations-password": OPERATIONS_PASSWORD,
    "pagerduty-key": PAGERDUTY_KEY,
    "pagerduty-webhook-secret": PAGERDUTY_SECRET,
    "slack-signing-secret": SLACK_SECRET,
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(servers.folder, name), text);
  return {
    RESPONDER_WEBHOOK_TOKEN_FILE: join(servers.folder, "responder-webhook-token"),
    OPERATIONS_PASSWORD_FILE: join(servers.folder, "operations-password"),
    PAGERDUTY_URL: `${url}/pagerduty`,
    PAGERDUTY_KEY_FILE: join(servers.folder, "pagerduty-key"),
    PAGERDUTY_WEBHOOK_SECRET_FILE: join(servers.folder, "pagerduty-webhook-secret"),
    SLACK_SIGNING_SECRET_FILE: join(servers.folder, "slack-signing-secret"),
    OPERATIONS_PGHOST: "127.0.0.1",
    OPERATIONS_PGPORT: String(servers.postgresPort),
    PROMETHEUS_URL: url,
    LOKI_URL: url,
    JAEGER_URL: url,
    ALERTMANAGER_URL: url,
    KUBERNETES_URL: url,
    SPOOL_FOLDER: join(servers.folder, folder),
    SCALE_OUT_MOST: "api=2,worker=2",
    VOLUME_MOST_GI: "postgres=10",
    IDLE_SECONDS: "1",
    RUNAWAY_SECONDS: "1",
    QUIET_SECONDS: "1",
  };
}

/** A session that is idle in a transaction, as a program leaves one that forgot to commit. */
export async function plantIdleSession({ servers }: Platform, user = "media") {
  const client = new pg.Client({ ...connectionTo(servers), user });
  const state = { ended: false };
  client.on("error", () => {
    state.ended = true;
  });
  await client.connect();
  await client.query("SET idle_in_transaction_session_timeout = 0");
  await client.query("BEGIN");
  await client.query("SELECT 1");
  return { state, end: () => client.end().catch(() => {}) };
}

/**
 * An alert whose expression is what PostgreSQL itself says: whether a session is idle in a transaction. Asked as the
 * superuser: an ordinary role does not see the state of others' sessions.
 */
function watchIdleSessions({ servers }: Platform, { rules, samples }: Signals): void {
  const pool = new pg.Pool({
    ...connectionTo(servers),
    user: "postgres",
    max: 1,
    idleTimeoutMillis: 500,
    allowExitOnIdle: true,
  });
  pool.on("error", () => {});
  rules.set("IdleInTransaction", { query: SESSIONS, duration: 0 });
  samples.set(SESSIONS, async () => {
    const sql = "SELECT 1 FROM pg_stat_activity WHERE state = 'idle in transaction' AND pid <> pg_backend_pid()";
    return (await pool.query(sql)).rows.length > 0 ? [{ pod: "postgres-0" }] : [];
  });
}

/** Prometheus has a rule for the alert, and the alert fires with these labels while `holds` says so. */
export function fires(
  { rules, samples }: Signals,
  alert: string,
  labels: Record<string, string>,
  holds: () => boolean = () => true,
): void {
  rules.set(alert, { query: alert, duration: 0 });
  samples.set(alert, async () => (holds() ? [labels] : []));
}

let alerts = 0;

/** A notification as Alertmanager sends it; each has an alert of its own unless it is given. */
export function notificationOf(alertname: string, changes: object = {}, labels: Record<string, string> = {}) {
  const alert = {
    status: "firing",
    labels: { alertname, severity: "warning", category: "database", pod: "postgres-0", ...labels },
    annotations: { summary: `${alertname} is so`, runbook_url: `docs/runbooks/${alertname}.md` },
    startsAt: new Date(Date.now() - 2_000).toISOString(),
    endsAt: "0001-01-01T00:00:00Z",
    fingerprint: `${Date.now().toString(16)}${(++alerts).toString(16)}`,
    ...changes,
  };
  return {
    version: "4",
    groupKey: "g",
    groupLabels: { category: alert.labels.category },
    status: "firing",
    receiver: "warning",
    alerts: [alert],
  };
}

export function send(
  { httpPort }: Pick<Running, "httpPort">,
  body: unknown,
  token = RESPONDER_TOKEN,
): Promise<Response> {
  return fetch(`http://127.0.0.1:${httpPort}/webhook`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
}

export interface IncidentRow {
  id: string;
  state: string;
  alert: string;
  investigation: {
    metrics: unknown[];
    logs: string[];
    trace: object | null;
    missing: string[];
    lists: unknown[];
  } | null;
  post_mortem: string | null;
  acknowledged_by: string | null;
}

export const incidentsOf = ({ sql }: Platform, alert: string) =>
  sql<IncidentRow & pg.QueryResultRow>("SELECT * FROM incidents WHERE alert = $1 ORDER BY opened_at DESC", [alert]);

export const attemptsOf = ({ sql }: Platform, id: string) =>
  sql<{ outcome: string | null; playbook: string } & pg.QueryResultRow>(
    "SELECT playbook, outcome FROM incident_attempts WHERE incident_id = $1 ORDER BY number",
    [id],
  );

export const kindsOf = async ({ sql }: Platform, id: string) =>
  (await sql<{ kind: string }>("SELECT kind FROM incident_events WHERE incident_id = $1 ORDER BY id", [id])).map(
    ({ kind }) => kind,
  );

/** The alert's newest incident, once it is in that state. */
export const incidentIn = (platform: Platform, alert: string, state: string, withinMs: number) =>
  eventually(async () => {
    const [incident] = await incidentsOf(platform, alert);
    if (incident?.state !== state)
      throw new Error(`${alert} is ${incident?.state}: ${await kindsOf(platform, incident?.id ?? "")}`);
    return incident;
  }, withinMs);

/** The alert's newest incident at its end. */
export const endedIn = (platform: Platform, alert: string, state = "closed") =>
  incidentIn(platform, alert, state, 40_000);

/** Forgets the alert's incidents and the cooldown of its playbook, so that the next part begins anew. */
export const forget = ({ sql }: Platform, alert: string) => sql("DELETE FROM incidents WHERE alert = $1", [alert]);

/** What the incident's last line says, where it was escalated without an attempt. */
export async function refusalOf(platform: Platform, alert: string): Promise<string> {
  const { id } = await endedIn(platform, alert, "escalated");
  expect(await attemptsOf(platform, id)).toEqual([]);
  const sql = "SELECT message FROM incident_events WHERE incident_id = $1 AND kind = 'escalated'";
  return (await platform.sql<{ message: string }>(sql, [id]))[0]?.message ?? "";
}
