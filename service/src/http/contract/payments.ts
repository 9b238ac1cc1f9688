import { z } from "zod";
import { paymentEvent } from "../../model/payment-events.ts";
import { operation } from "./operation.ts";

const plan = z
  .strictObject({
    id: z.string(),
    name: z.string(),
    requestsPerWeek: z.int().meta({ description: "A week begins on Monday, in UTC." }),
    price: z
      .strictObject({ amountMinor: z.int(), currency: z.string() })
      .meta({ description: "Per month, in minor units of the currency." }),
  })
  .meta({ id: "Plan" });

const subscription = z
  .strictObject({
    plan,
    status: z.enum(["none", "active", "past_due", "cancelled"]),
    paidUntil: z.iso.datetime().nullable().meta({ description: "Until when the plan is granted, also if cancelled." }),
    requests: z.strictObject({
      used: z.int(),
      limit: z.int().nullable().meta({ description: "Null for roles that have none." }),
      resetsAt: z.iso.datetime(),
    }),
  })
  .meta({ id: "Subscription" });

export const payments = {
  listPlans: operation({
    method: "get",
    path: "/api/v1/plans",
    tag: "payments",
    summary: "List what can be subscribed to, cheapest first",
    access: "visitor",
    caching: "release",
    answers: { 200: { description: "The plans.", schema: z.strictObject({ items: z.array(plan) }) } },
    problems: ["database-unavailable"],
  }),
  getSubscription: operation({
    method: "get",
    path: "/api/v1/subscription",
    tag: "payments",
    summary: "One's own plan, and how much of this week is used",
    access: "user",
    answers: { 200: { description: "The subscription.", schema: subscription } },
    problems: ["not-found"],
  }),
  receivePayment: operation({
    method: "post",
    path: "/api/v1/payments/webhook",
    tag: "payments",
    summary: "Tell of an event at the payment provider; the same event again changes nothing",
    access: "webhook",
    body: paymentEvent,
    // The provider would send an event that is refused again and again.
    verbatim: ["data"],
    answers: {
      200: {
        description: "Recorded, now or before. Types without an effect are recorded too.",
        schema: z.strictObject({ received: z.string().meta({ description: "The event's id." }) }),
      },
    },
  }),
};
