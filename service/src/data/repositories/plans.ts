import type pg from "pg";
import { query } from "../postgres/database.ts";

/** What can be subscribed to. */
export interface Plan {
  id: string;
  name: string;
  requestsPerWeek: number;
  /** Per month, in minor units of the currency. */
  price: { amountMinor: number; currency: string };
}

/** What an account has, and how much of it is used. */
export interface Subscription {
  plan: Plan;
  /** `past_due`: the last payment failed. `none`: nothing was ever paid for, or it has run out. */
  status: "none" | "active" | "past_due" | "cancelled";
  paidUntil: string | null;
  usage: { used: number; resetsAt: string };
}

interface PlanRow {
  id: string;
  name: string;
  requests_per_week: number;
  price_minor: number;
  currency: string;
}

interface SubscriptionRow extends PlanRow {
  cancelled: boolean | null;
  paid_until: Date | null;
  last_payment: "succeeded" | "failed" | null;
  used: number;
  resets_at: Date;
}

/** The week that a quota counts: it begins on Monday, in UTC. */
const WEEK = "date_trunc('week', now() AT TIME ZONE 'UTC')::date";
const RESET = "(date_trunc('week', now() AT TIME ZONE 'UTC') + interval '7 days') AT TIME ZONE 'UTC'";
/** Granted until it expires, also once cancelled; accounts without one have the free plan. */
const PLAN_ID =
  "COALESCE((SELECT s.plan_id FROM subscriptions s WHERE s.user_id = $1::text::uuid AND s.paid_until > now()), 'free')";

const TAKE = `
  WITH plan AS (SELECT requests_per_week FROM plans WHERE id = ${PLAN_ID})
  INSERT INTO request_usage AS u (user_id, week, used) SELECT $1::text, ${WEEK}, 1 FROM plan
  ON CONFLICT (user_id, week) DO UPDATE SET used = u.used + 1 WHERE u.used < (SELECT requests_per_week FROM plan)`;

/**
 * Counts one request of the account against its plan; false when the week's are used up, and then nothing is counted.
 * The row's lock makes creations at once wait for each other, so that together they cannot pass the limit.
 */
export async function takeQuota(client: pg.ClientBase, userId: string): Promise<boolean> {
  return (await client.query(TAKE, [userId])).rowCount === 1;
}

/** What a refusal has to say. */
export async function readQuota(client: pg.ClientBase, userId: string) {
  const { rows } = await client.query<{ id: string; requests_per_week: number; resets_at: Date }>(
    `SELECT id, requests_per_week, ${RESET} AS resets_at FROM plans WHERE id = ${PLAN_ID}`,
    [userId],
  );
  const row = rows[0] as (typeof rows)[number];
  return { plan: row.id, limit: row.requests_per_week, resetsAt: row.resets_at };
}

/** Cheapest first. */
export async function listPlans(pool: pg.Pool): Promise<Plan[]> {
  const rows = await query<PlanRow>(pool, "list plans", "SELECT * FROM plans ORDER BY price_minor, id", []);
  return rows.map(toPlan);
}

const SUBSCRIPTION = `
  SELECT p.*, s.cancelled, s.paid_until, ${RESET} AS resets_at,
    (SELECT state FROM payments WHERE user_id = $1::text::uuid AND state IS NOT NULL
     ORDER BY occurred_at DESC, event_id DESC LIMIT 1) AS last_payment,
    COALESCE((SELECT used FROM request_usage WHERE user_id = $1::text AND week = ${WEEK}), 0) AS used
  FROM plans p LEFT JOIN subscriptions s ON s.user_id = $1::text::uuid AND s.paid_until > now()
  WHERE p.id = COALESCE(s.plan_id, 'free')`;

/** Only of an account: the dev token's user has no id that could be looked up. */
export async function findSubscription(pool: pg.Pool, userId: string): Promise<Subscription> {
  const [row] = await query<SubscriptionRow>(pool, "find subscription", SUBSCRIPTION, [userId]);
  if (!row) throw new Error("the free plan is missing from the table of plans");
  return {
    plan: toPlan(row),
    status: statusOf(row),
    paidUntil: row.paid_until?.toISOString() ?? null,
    usage: { used: row.used, resetsAt: row.resets_at.toISOString() },
  };
}

function statusOf({ cancelled, last_payment }: SubscriptionRow): Subscription["status"] {
  if (cancelled === null) return "none";
  if (cancelled) return "cancelled";
  return last_payment === "failed" ? "past_due" : "active";
}

function toPlan({ id, name, requests_per_week, price_minor, currency }: PlanRow): Plan {
  return { id, name, requestsPerWeek: requests_per_week, price: { amountMinor: price_minor, currency } };
}

/** Weeks that no quota asks for any more; answers how many rows went. */
export async function purgeUsage(client: Pick<pg.Pool, "query">): Promise<number> {
  const purged = await client.query("DELETE FROM request_usage WHERE week < now() - interval '35 days'");
  return purged.rowCount ?? 0;
}
