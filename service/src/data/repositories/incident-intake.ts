import { createHash } from "node:crypto";
import type pg from "pg";
import type { Alert, Labels, Notification } from "../../model/incidents.ts";
import type { Database } from "../postgres/database.ts";
import { addEvents } from "./incidents.ts";

/** What became of a notification: ids of incidents it opened, and how many of its alerts were known before. */
export interface Taken {
  opened: { id: string; alert: string; severity: string }[];
  joined: number;
  known: number;
}

/** One transaction for the whole notification. A repeated one changes nothing. */
export function takeNotification({ transaction }: Database, { groupLabels, alerts }: Notification): Promise<Taken> {
  return transaction("take notification", async (client) => {
    const taken: Taken = { opened: [], joined: 0, known: 0 };
    for (const [name, group] of groupsOf(alerts)) {
      const groupKey = hash({ ...groupLabels, alertname: name });
      // Two notifications of one group wait for each other: else both would open an incident.
      await client.query("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", [groupKey]);
      await takeGroup(client, groupKey, name, group, taken);
    }
    return taken;
  });
}

/** In the order of their names, so that two notifications lock in the same order. */
function groupsOf(alerts: readonly Alert[]): [name: string, alerts: Alert[]][] {
  const groups = Map.groupBy(alerts, ({ labels }) => labels.alertname ?? "");
  return [...groups].sort(([a], [b]) => (a < b ? -1 : 1));
}

async function takeGroup(client: pg.ClientBase, groupKey: string, name: string, alerts: Alert[], taken: Taken) {
  const fresh: Alert[] = [];
  for (const alert of alerts) {
    if (await note(client, alert)) {
      if (alert.status === "firing") fresh.push(alert);
    } else taken.known += 1;
  }
  if (fresh.length === 0) return;
  const { rows } = await client.query<{ id: string }>(
    "SELECT id FROM incidents WHERE group_key = $1 AND state <> 'closed' FOR UPDATE",
    [groupKey],
  );
  const id = rows[0]?.id ?? (await open(client, groupKey, name, fresh));
  if (rows[0]) taken.joined += fresh.length;
  else taken.opened.push({ id, alert: name, severity: fresh[0]?.labels.severity ?? "" });
  for (const { fingerprint, startsAt } of fresh) {
    const sql = "UPDATE incident_alerts SET incident_id = $3 WHERE fingerprint = $1 AND starts_at = $2";
    await client.query(sql, [fingerprint, startsAt, id]);
  }
  if (rows[0]) {
    const message = `${fresh.length} more alert${fresh.length > 1 ? "s" : ""} of the same kind came.`;
    await addEvents(client, id, [
      { actor: "alertmanager", kind: "joined", message, data: { labels: fresh[0]?.labels } },
    ]);
  }
}

/** False where the alert was known; its end is noted in any case. */
async function note(client: pg.ClientBase, { fingerprint, labels, startsAt, endsAt, status }: Alert): Promise<boolean> {
  const end = status === "resolved" ? (endsAt ?? new Date()) : null;
  const inserted = await client.query(
    "INSERT INTO incident_alerts (fingerprint, starts_at, labels, ends_at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
    [fingerprint, startsAt, labels, end],
  );
  if (inserted.rowCount === 1) return true;
  if (end) {
    const sql = "UPDATE incident_alerts SET ends_at = coalesce(ends_at, $3) WHERE fingerprint = $1 AND starts_at = $2";
    await client.query(sql, [fingerprint, startsAt, end]);
  }
  return false;
}

async function open(client: pg.ClientBase, groupKey: string, name: string, alerts: Alert[]): Promise<string> {
  const first = alerts.reduce((a, b) => (b.startsAt < a.startsAt ? b : a));
  const { severity = "warning", category = "other" } = first.labels;
  // A clock that runs ahead would make its beginning later than its end.
  const began = new Date(Math.min(first.startsAt.getTime(), Date.now()));
  const { rows } = await client.query<{ id: string }>(
    `INSERT INTO incidents (key, group_key, alert, severity, category, labels, annotations, began_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING id`,
    [
      hash({ groupKey, startsAt: first.startsAt.toISOString(), fingerprint: first.fingerprint }),
      groupKey,
      name,
      severity,
      category,
      first.labels,
      first.annotations,
      began,
    ],
  );
  const id = rows[0]?.id as string;
  const message = `${name} (${severity}) fires: ${first.annotations.summary ?? "no summary"}`;
  await addEvents(client, id, [{ actor: "alertmanager", kind: "opened", message, data: { alerts: alerts.length } }]);
  return id;
}

function hash(parts: Labels): string {
  const sorted = Object.entries(parts).sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash("sha256").update(JSON.stringify(sorted)).digest("hex").slice(0, 32);
}
