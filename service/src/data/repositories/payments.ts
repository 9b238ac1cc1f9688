import type pg from "pg";
import type { EventData, PaymentEvent } from "../../model/payment-events.ts";
import { query } from "../postgres/database.ts";

/**
 * What became of an event. `superseded`: a newer one had come before. `unmatched`: it names an account or a plan that
 * is not here.
 */
export type Effect = "applied" | "superseded" | "unmatched";

/** Which event wrote a row: the later of two wins, in whichever order they arrive; equal times are ordered by id. */
export interface Version {
  occurredAt: Date;
  eventId: string;
}

/** Records the event; false when it is there already. Another process at work on the same event is waited for. */
export async function insertEvent(client: pg.ClientBase, event: PaymentEvent): Promise<boolean> {
  const inserted = await client.query(
    `INSERT INTO payment_events (id, type, occurred_at, data) VALUES ($1, $2, to_timestamp($3), $4)
     ON CONFLICT (id) DO NOTHING`,
    [event.id, event.type, event.createdAt, event.data],
  );
  return inserted.rowCount === 1;
}

interface EventRow {
  id: string;
  type: string;
  created_at: number;
  data: PaymentEvent["data"];
}

const EVENT = "e.id, e.type, extract(epoch FROM e.occurred_at)::float8 AS created_at, e.data";
const eventOf = ({ id, type, created_at, data }: EventRow): PaymentEvent => ({ id, type, createdAt: created_at, data });

/** The event as it came first; undefined where it never did. */
export async function findEvent(client: pg.ClientBase, id: string): Promise<PaymentEvent | undefined> {
  const { rows } = await client.query<EventRow>(`SELECT ${EVENT} FROM payment_events e WHERE e.id = $1`, [id]);
  return rows[0] && eventOf(rows[0]);
}

/** A page of the stored events that change subscriptions, by id. Only these can name what is not here. */
export async function subscriptionEvents(pool: pg.Pool, afterId: string): Promise<PaymentEvent[]> {
  const sql = `SELECT ${EVENT} FROM payment_events e
    WHERE e.type IN ('subscription.changed', 'subscription.cancelled') AND e.id > $1 ORDER BY e.id LIMIT 500`;
  return (await query<EventRow>(pool, "list subscription events", sql, [afterId])).map(eventOf);
}

export async function savePayment(
  client: pg.ClientBase,
  state: "succeeded" | "failed",
  { paymentId, userId, amountMinor, currency }: EventData<"payment.succeeded">,
  { occurredAt, eventId }: Version,
): Promise<Effect> {
  const saved = await client.query(
    `INSERT INTO payments AS p (id, user_id, state, amount_minor, currency, occurred_at, event_id)
     VALUES ($1, $2, $3, $4, $5, $6, $7)
     ON CONFLICT (id) DO UPDATE SET user_id = EXCLUDED.user_id, state = EXCLUDED.state, amount_minor = EXCLUDED.amount_minor,
       currency = EXCLUDED.currency, occurred_at = EXCLUDED.occurred_at, event_id = EXCLUDED.event_id
     WHERE (p.occurred_at, p.event_id) < (EXCLUDED.occurred_at, EXCLUDED.event_id)`,
    [paymentId, userId, state, amountMinor, currency, occurredAt, eventId],
  );
  return saved.rowCount === 1 ? "applied" : "superseded";
}

/** May come before the payment itself. */
export async function saveRefund(
  client: pg.ClientBase,
  { paymentId, userId, refundedMinor }: EventData<"payment.refunded">,
): Promise<Effect> {
  const saved = await client.query(
    `INSERT INTO payments AS p (id, user_id, refunded_minor) VALUES ($1, $2, $3)
     ON CONFLICT (id) DO UPDATE SET refunded_minor = EXCLUDED.refunded_minor
     WHERE p.refunded_minor < EXCLUDED.refunded_minor`,
    [paymentId, userId, refundedMinor],
  );
  return saved.rowCount === 1 ? "applied" : "superseded";
}

export async function saveSubscription(
  client: pg.ClientBase,
  cancelled: boolean,
  { userId, planId, paidUntil }: EventData<"subscription.changed">,
  { occurredAt, eventId }: Version,
): Promise<Effect> {
  const saved = await client.query(
    `INSERT INTO subscriptions AS s (user_id, plan_id, cancelled, paid_until, occurred_at, event_id)
     SELECT u.id, p.id, $3, to_timestamp($4), $5, $6 FROM users u, plans p WHERE u.id = $1 AND p.id = $2
     ON CONFLICT (user_id) DO UPDATE SET plan_id = EXCLUDED.plan_id, cancelled = EXCLUDED.cancelled,
       paid_until = EXCLUDED.paid_until, occurred_at = EXCLUDED.occurred_at, event_id = EXCLUDED.event_id
     WHERE (s.occurred_at, s.event_id) < (EXCLUDED.occurred_at, EXCLUDED.event_id)`,
    [userId, planId, cancelled, paidUntil, occurredAt, eventId],
  );
  if (saved.rowCount === 1) return "applied";
  const known = await client.query(
    "SELECT FROM users u, plans p WHERE u.id = $1 AND p.id = $2 AND EXISTS (SELECT FROM subscriptions WHERE user_id = u.id)",
    [userId, planId],
  );
  return known.rowCount === 1 ? "superseded" : "unmatched";
}
