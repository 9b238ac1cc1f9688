import { z } from "zod";

/** Currencies that plans are sold in (ISO 4217): a fixed set, since it is a label of the revenue metric. */
export const CURRENCIES = ["EUR", "GBP", "USD"] as const;
export type Currency = (typeof CURRENCIES)[number];

/** Above what any payment of ours can be, below what a JavaScript number counts exactly. */
const MAX_MINOR = 100_000_000_000;
/** The year 9999, past which a date has no ISO form. */
const MAX_SECONDS = 253_402_300_799;

const identifier = z.string().regex(/^[!-~]{1,255}$/, "must be 1 to 255 visible ASCII characters");
const account = z.string().regex(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/, "must be the id of an account");
const seconds = z.int().min(0).max(MAX_SECONDS);
const minor = z.int().min(0).max(MAX_MINOR);

/** What every event has. `data` is checked by its type. */
export const paymentEvent = z.object({
  id: identifier.meta({ description: "The same event has the same id, however often it is sent." }),
  type: identifier,
  createdAt: seconds.meta({ description: "When it happened, in seconds since 1970." }),
  data: z.looseObject({}).meta({
    description:
      "`PaymentData` of payment.succeeded and payment.failed, `RefundData` of payment.refunded, `SubscriptionData` of subscription.changed and subscription.cancelled; anything of other types.",
  }),
});
export type PaymentEvent = z.infer<typeof paymentEvent>;

const payment = z
  .object({ paymentId: identifier, userId: account, amountMinor: minor, currency: z.enum(CURRENCIES) })
  .meta({ id: "PaymentData", description: "An amount in minor units: cents, not euros." });
const refund = z
  .object({ paymentId: identifier, userId: account, refundedMinor: minor })
  .meta({ id: "RefundData", description: "`refundedMinor` is all that was refunded of this payment so far." });
const subscription = z
  .object({ userId: account, planId: identifier, paidUntil: seconds })
  .meta({ id: "SubscriptionData", description: "The subscription as it is after the event." });

/** The types that have an effect, with the shape of their `data`. Any other is recorded and has none. */
export const EVENT_DATA = {
  "payment.succeeded": payment,
  "payment.failed": payment,
  "payment.refunded": refund,
  "subscription.changed": subscription,
  "subscription.cancelled": subscription,
} as const satisfies Record<string, z.ZodType>;

export type KnownType = keyof typeof EVENT_DATA;
export type EventData<T extends KnownType> = z.infer<(typeof EVENT_DATA)[T]>;

export function isKnownType(type: string): type is KnownType {
  return Object.hasOwn(EVENT_DATA, type);
}
