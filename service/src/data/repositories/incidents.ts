import type pg from "pg";
import type { Attempt, Incident, IncidentEvent, IncidentState, Progress, Target } from "../../model/incidents.ts";
import { type Database, query } from "../postgres/database.ts";

interface Row {
  id: string;
  alert: string;
  severity: string;
  category: string;
  labels: Incident["labels"];
  annotations: Incident["annotations"];
  state: IncidentState;
  began_at: Date;
  opened_at: Date;
  investigated_at: Date | null;
  mended_at: Date | null;
  escalated_at: Date | null;
  acknowledged_at: Date | null;
  acknowledged_by: string | null;
  resolved_at: Date | null;
  closed_at: Date | null;
  escalation_level: number;
  progress: Progress;
  investigation: Incident["investigation"];
  post_mortem: string | null;
}

/** What is added to the audit. */
export interface NewEvent {
  actor: string;
  kind: string;
  message: string;
  data?: Record<string, unknown>;
}

/** Columns that a step may set besides the state. Times are set to the database's own clock. */
export interface Changes {
  progress?: Progress;
  investigation?: Incident["investigation"];
  postMortem?: string;
  escalationLevel?: number;
  now?: readonly ("investigated_at" | "mended_at" | "escalated_at" | "resolved_at" | "closed_at")[];
}

const CLAIM = `
UPDATE incidents SET lease_holder = $1, lease_until = now() + make_interval(secs => $2)
WHERE id IN (SELECT id FROM incidents
  WHERE state <> 'closed' AND due_at <= now() AND (lease_until IS NULL OR lease_until < now())
  ORDER BY due_at LIMIT $3 FOR UPDATE SKIP LOCKED)
RETURNING *`;

/** Takes incidents whose next step is due, for so many seconds: no other process has them meanwhile. */
export async function claimDue({ transaction }: Database, holder: string, seconds: number, most: number) {
  const { rows } = await transaction("claim incidents", (client) => client.query<Row>(CLAIM, [holder, seconds, most]));
  return rows.map(fromRow);
}

/**
 * Writes what came of a step and gives the lease back. False where the lease is lost, or a person has moved the incident
 * meanwhile: nothing is written then, and the next step starts from what is there.
 */
export async function saveStep(
  { transaction }: Database,
  holder: string,
  { id, state }: Incident,
  next: { state: IncidentState; dueInSeconds: number; changes: Changes; events: readonly NewEvent[] },
): Promise<boolean> {
  const { progress, investigation, postMortem, escalationLevel, now = [] } = next.changes;
  const times = now.map((column) => `, ${column} = coalesce(${column}, now())`).join("");
  const sql = `UPDATE incidents SET state = $4, due_at = now() + make_interval(secs => $5), lease_holder = NULL, lease_until = NULL,
    progress = coalesce($6, progress), investigation = coalesce($7, investigation), post_mortem = coalesce($8, post_mortem),
    escalation_level = coalesce($9, escalation_level)${times} WHERE id = $1 AND lease_holder = $2 AND state = $3`;
  return transaction("save incident step", async (client) => {
    const saved = await client.query(sql, [
      id,
      holder,
      state,
      next.state,
      next.dueInSeconds,
      progress ?? null,
      investigation ?? null,
      postMortem ?? null,
      escalationLevel ?? null,
    ]);
    if (saved.rowCount !== 1) {
      // A person has moved it: the process that does the next step needs the lease.
      await client.query(
        "UPDATE incidents SET lease_holder = NULL, lease_until = NULL WHERE id = $1 AND lease_holder = $2",
        [id, holder],
      );
      return false;
    }
    await addEvents(client, id, next.events);
    return true;
  });
}

export async function addEvents(client: pg.ClientBase, id: string | null, events: readonly NewEvent[]): Promise<void> {
  for (const { actor, kind, message, data = {} } of events) {
    const sql = "INSERT INTO incident_events (incident_id, actor, kind, message, data) VALUES ($1, $2, $3, $4, $5)";
    await client.query(sql, [id, actor, kind, message, data]);
  }
}

/** A change by a person, where the incident is in one of the states; undefined where it is not. */
export async function moveByPerson(
  { transaction }: Database,
  id: string,
  {
    from,
    to,
    set = "",
    values = [],
  }: { from: readonly IncidentState[]; to: IncidentState; set?: string; values?: unknown[] },
  event: NewEvent,
): Promise<boolean> {
  return transaction("move incident", async (client) => {
    const sql = `UPDATE incidents SET state = $3, due_at = now()${set} WHERE id = $1 AND state = ANY($2)`;
    const moved = await client.query(sql, [id, from, to, ...values]);
    if (moved.rowCount !== 1) return false;
    await addEvents(client, id, [event]);
    return true;
  });
}

export async function findIncident(pool: pg.Pool, id: string): Promise<Incident | undefined> {
  const [row] = await query<Row>(pool, "find incident", "SELECT * FROM incidents WHERE id = $1", [id]);
  return row && fromRow(row);
}

/** Those that are open, then the newest of the others. */
export async function listIncidents(pool: pg.Pool, most: number): Promise<Incident[]> {
  const sql = "SELECT * FROM incidents ORDER BY (state = 'closed'), opened_at DESC, id DESC LIMIT $1";
  return (await query<Row>(pool, "list incidents", sql, [most])).map(fromRow);
}

export async function countByState(pool: pg.Pool): Promise<{ state: IncidentState; count: number }[]> {
  const sql = "SELECT state, count(*)::int AS count FROM incidents WHERE state <> 'closed' GROUP BY state";
  return query(pool, "count incidents", sql, []);
}

export async function eventsOf(pool: pg.Pool, id: string): Promise<IncidentEvent[]> {
  const sql = "SELECT at, actor, kind, message, data FROM incident_events WHERE incident_id = $1 ORDER BY id LIMIT 500";
  return query(pool, "incident events", sql, [id]);
}

interface AttemptRow {
  number: number;
  playbook: string;
  targets: Target[];
  begun_at: Date;
  ended_at: Date | null;
  outcome: string | null;
  results: string[] | null;
}

export async function attemptsOf(pool: pg.Pool, id: string): Promise<Attempt[]> {
  const sql = "SELECT * FROM incident_attempts WHERE incident_id = $1 ORDER BY number";
  const rows = await query<AttemptRow>(pool, "incident attempts", sql, [id]);
  return rows.map(({ begun_at, ended_at, ...same }) => ({ ...same, begunAt: begun_at, endedAt: ended_at }));
}

/** Labels of the incident's alerts, and whether all of them are over as far as Alertmanager has told. */
export async function alertsOf(pool: pg.Pool, id: string): Promise<{ labels: Incident["labels"]; over: boolean }[]> {
  const sql =
    "SELECT labels, ends_at IS NOT NULL AS over FROM incident_alerts WHERE incident_id = $1 ORDER BY received_at";
  return query(pool, "incident alerts", sql, [id]);
}

/** Changes a post-mortem that is written; false where there is none, or `change` leaves it as it is. */
export async function changePostMortem(
  { transaction }: Database,
  id: string,
  change: (text: string) => string | undefined,
  event: NewEvent,
): Promise<boolean> {
  return transaction("change post-mortem", async (client) => {
    const read = "SELECT post_mortem FROM incidents WHERE id = $1 AND state = 'closed' FOR UPDATE";
    const [row] = (await client.query<{ post_mortem: string | null }>(read, [id])).rows;
    const text = row?.post_mortem == null ? undefined : change(row.post_mortem);
    if (text === undefined) return false;
    await client.query("UPDATE incidents SET post_mortem = $2 WHERE id = $1", [id, text]);
    await addEvents(client, id, [event]);
    return true;
  });
}

/** A closed incident with its post-mortem. */
export interface FollowedUp {
  id: string;
  alert: string;
  closedAt: Date;
  postMortem: string;
}

/** Those whose post-mortems have a box that is not ticked, the oldest first. */
export async function incidentsToFollowUp(pool: pg.Pool, most: number): Promise<FollowedUp[]> {
  const sql = `SELECT id, alert, closed_at AS "closedAt", post_mortem AS "postMortem" FROM incidents
    WHERE state = 'closed' AND post_mortem LIKE '%- [ ] %' ORDER BY closed_at, id LIMIT $1`;
  return query(pool, "incidents to follow up", sql, [most]);
}

function fromRow(row: Row): Incident {
  return {
    id: row.id,
    alert: row.alert,
    severity: row.severity,
    category: row.category,
    labels: row.labels,
    annotations: row.annotations,
    state: row.state,
    beganAt: row.began_at,
    openedAt: row.opened_at,
    investigatedAt: row.investigated_at,
    mendedAt: row.mended_at,
    escalatedAt: row.escalated_at,
    acknowledgedAt: row.acknowledged_at,
    acknowledgedBy: row.acknowledged_by,
    resolvedAt: row.resolved_at,
    closedAt: row.closed_at,
    escalationLevel: row.escalation_level,
    progress: row.progress,
    investigation: row.investigation,
    postMortem: row.post_mortem,
  };
}
