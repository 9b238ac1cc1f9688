import type pg from "pg";
import type { Transact } from "../../data/postgres/database.ts";
import {
  type Effect,
  findEvent,
  insertEvent,
  savePayment,
  saveRefund,
  saveSubscription,
  type Version,
} from "../../data/repositories/payments.ts";
import { Problem } from "../../errors/problem.ts";
import {
  EVENT_DATA,
  type EventData,
  isKnownType,
  type KnownType,
  type PaymentEvent,
} from "../../model/payment-events.ts";
import type { Logger } from "../../observability/log.ts";
import type { Metrics } from "../../observability/metrics/metrics.ts";

export interface ReceiveEventDeps {
  metrics: Metrics;
  log: Logger;
}

/** `ignored`: of a type that has no effect here. */
export type EventOutcome = Effect | "replayed" | "ignored";

type Apply<T extends KnownType> = (client: pg.ClientBase, data: EventData<T>, version: Version) => Promise<Effect>;

/**
 * Each effect is a register in which the newest event wins, or a greatest value: the state is the same in whichever
 * order, and however often, events come.
 */
const APPLY: { [T in KnownType]: Apply<T> } = {
  "payment.succeeded": (client, data, version) => savePayment(client, "succeeded", data, version),
  "payment.failed": (client, data, version) => savePayment(client, "failed", data, version),
  "payment.refunded": (client, data) => saveRefund(client, data),
  "subscription.changed": (client, data, version) => saveSubscription(client, false, data, version),
  "subscription.cancelled": (client, data, version) => saveSubscription(client, true, data, version),
};

/**
 * Records the event and applies it in one transaction: a crash in between leaves neither, and the provider sends the
 * event again. What comes again is applied again as it came first: its plan or account may be here by now.
 */
export async function receiveEvent(
  { metrics, log }: ReceiveEventDeps,
  transact: Transact<EventOutcome>,
  event: PaymentEvent,
): Promise<void> {
  const apply = prepare(event);
  const outcome = await transact("receive payment event", async (client) =>
    (await insertEvent(client, event)) ? apply(client) : replay(client, event.id),
  );
  metrics.paymentEvent({ type: isKnownType(event.type) ? event.type : "other", outcome });
  const line = { eventId: event.id, eventType: event.type, outcome };
  if (outcome === "unmatched") log.error(line, "a payment event names an account or a plan that is not here");
  else log.info(line, "payment event");
}

async function replay(client: pg.ClientBase, id: string): Promise<EventOutcome> {
  const stored = await findEvent(client, id);
  const effect = stored && (await prepare(stored)(client));
  return effect === "applied" || effect === "unmatched" ? effect : "replayed";
}

/** Applies an event that is stored already. */
export function applyStored(transact: Transact<EventOutcome>, event: PaymentEvent): Promise<EventOutcome> {
  return transact("apply stored payment event", prepare(event));
}

/** Checks the data before anything is written; a mistake is the provider's to mend. */
function prepare({ id, type, createdAt, data }: PaymentEvent): (client: pg.ClientBase) => Promise<Effect | "ignored"> {
  if (!isKnownType(type)) return async () => "ignored";
  const parsed = EVENT_DATA[type].safeParse(data);
  if (!parsed.success) {
    const errors = parsed.error.issues.map(({ path, message }) => ({ path: `/data/${path.join("/")}`, message }));
    throw new Problem("validation-failed", { extensions: { errors } });
  }
  const apply = APPLY[type] as Apply<KnownType>;
  return (client) => apply(client, parsed.data, { occurredAt: new Date(createdAt * 1_000), eventId: id });
}
