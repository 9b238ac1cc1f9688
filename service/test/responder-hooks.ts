import { createHash, createHmac } from "node:crypto";
import type { Running } from "../src/process/lifecycle.ts";
import { type IncidentRow, incidentIn, incidentsOf, notificationOf, send, type World } from "./responder-world.ts";

/** What tests of the addresses for PagerDuty and Slack share. */

export const hmac = (secret: string, text: string) => createHmac("sha256", secret).update(text).digest("hex");
/** PagerDuty's key of a group of Alertmanager. */
export const keyOf = (groupKey: string) => createHash("sha256").update(groupKey).digest("hex");

/** POSTs to an address for others' webhooks. */
export async function hook({ httpPort }: Running, path: string, body: string, headers: Record<string, string>) {
  const url = `http://127.0.0.1:${httpPort}/incidents/hooks/${path}`;
  const answer = await fetch(url, { method: "POST", body, headers });
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
}

/** The alert's newest incident. */
export const rowOf = async ({ platform }: World, alert: string) =>
  (await incidentsOf(platform, alert))[0] as IncidentRow;
/** The same, once it is in that state. */
export const until = ({ platform }: World, alert: string, state: string) => incidentIn(platform, alert, state, 20_000);

/** A critical alert without a playbook, of which PagerDuty was told: it is escalated at once. What comes back is its key. */
export async function paged(
  world: World,
  responder: Running,
  alert: string,
  category = alert.toLowerCase(),
): Promise<string> {
  const { signals } = world;
  signals.rules.set(alert, { query: alert, duration: 0 });
  signals.samples.set(alert, [{ pod: "postgres-0" }]);
  const labels = { severity: "critical", category };
  await send(responder, { ...notificationOf(alert, {}, labels), receiver: "critical", groupKey: `{}:{${category}}` });
  await until(world, alert, "escalated");
  return keyOf(`{}:{${category}}`);
}
