import type pg from "pg";
import type { Target } from "../../model/incidents.ts";
import { type Database, query } from "../postgres/database.ts";
import { addEvents, type NewEvent } from "./incidents.ts";

/** Whether playbooks may act, and who said so. */
export interface Automation {
  enabled: boolean;
  changedAt: Date;
  changedBy: string;
  reason: string;
}

export async function readAutomation(pool: pg.Pool): Promise<Automation> {
  const sql = `SELECT enabled, changed_at AS "changedAt", changed_by AS "changedBy", reason FROM automation`;
  const [row] = await query<Automation>(pool, "read automation", sql, []);
  if (!row) throw new Error("the table automation has lost its row");
  return row;
}

export async function switchAutomation({ transaction }: Database, enabled: boolean, by: string, reason: string) {
  await transaction("switch automation", async (client) => {
    const sql = "UPDATE automation SET enabled = $1, changed_at = now(), changed_by = $2, reason = $3";
    await client.query(sql, [enabled, by, reason]);
    const message = `All automation was switched ${enabled ? "on" : "off"}: ${reason || "no reason given"}`;
    await addEvents(client, null, [{ actor: by, kind: "automation", message }]);
  });
}

export interface NewAttempt {
  incidentId: string;
  holder: string;
  number: number;
  playbook: string;
  targets: readonly Target[];
}

/**
 * Writes down that the playbook is about to act. In the same transaction it is seen whether it still may: the lease is held,
 * the incident is where it was, automation is on. False: it must not act.
 */
export function beginAttempt(
  { transaction }: Database,
  { incidentId, holder, number, playbook, targets }: NewAttempt,
  event: NewEvent,
): Promise<boolean> {
  return transaction("begin attempt", async (client) => {
    const begun = await client.query(
      `INSERT INTO incident_attempts (incident_id, number, playbook, targets)
       SELECT i.id, $3, $4, $5 FROM incidents i, automation a
       WHERE i.id = $1 AND i.lease_holder = $2 AND i.lease_until > now() AND i.state = 'remediating' AND a.enabled
       ON CONFLICT DO NOTHING`,
      [incidentId, holder, number, playbook, JSON.stringify(targets)],
    );
    if (begun.rowCount !== 1) return false;
    await addEvents(client, incidentId, [event]);
    return true;
  });
}

export async function endAttempt(
  { transaction }: Database,
  { incidentId, number }: Pick<NewAttempt, "incidentId" | "number">,
  outcome: string,
  results: readonly string[],
): Promise<void> {
  await transaction("end attempt", (client) =>
    client.query(
      `UPDATE incident_attempts SET ended_at = now(), outcome = $3, results = $4
       WHERE incident_id = $1 AND number = $2 AND ended_at IS NULL`,
      [incidentId, number, outcome, JSON.stringify(results)],
    ),
  );
}

/** What a try was for came to be after its own time: it had its effect. */
export async function noteLateEffect(
  { transaction }: Database,
  { incidentId, number }: Pick<NewAttempt, "incidentId" | "number">,
  event: NewEvent,
): Promise<void> {
  await transaction("note late effect", async (client) => {
    const sql = `UPDATE incident_attempts SET outcome = 'done'
      WHERE incident_id = $1 AND number = $2 AND outcome = 'without effect'`;
    const noted = await client.query(sql, [incidentId, number]);
    if (noted.rowCount === 1) await addEvents(client, incidentId, [event]);
  });
}

/** Seconds since the playbook last acted, for whichever incident; undefined: never. */
export async function secondsSinceLast(pool: pg.Pool, playbook: string): Promise<number | undefined> {
  const [row] = await query<{ seconds: number }>(
    pool,
    "last attempt",
    `SELECT extract(epoch FROM now() - begun_at)::float8 AS seconds FROM incident_attempts
     WHERE playbook = $1 ORDER BY begun_at DESC LIMIT 1`,
    [playbook],
  );
  return row?.seconds;
}
