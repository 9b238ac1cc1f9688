import type { Database } from "../data/postgres/database.ts";
import { findSubscription, listPlans } from "../data/repositories/plans.ts";
import { type ReceiveEventDeps, receiveEvent } from "../domain/payments/receive-event.ts";
import { Problem } from "../errors/problem.ts";
import { may } from "../model/roles.ts";
import type { Handlers } from "./mount.ts";
import { json } from "./reply.ts";

export interface PaymentDeps extends ReceiveEventDeps {
  database: Database;
}

export function paymentHandlers(deps: PaymentDeps) {
  const { primary } = deps.database;
  return {
    listPlans: async () => json(200, { items: await listPlans(primary) }),
    getSubscription: async ({ user }) => {
      // The dev token's user is no account.
      if (user.sessionId === undefined) throw new Problem("not-found");
      const { usage, ...subscription } = await findSubscription(primary, user.id);
      const limit = may(user, "requests:unlimited") ? null : subscription.plan.requestsPerWeek;
      return json(200, { ...subscription, requests: { ...usage, limit } });
    },
    receivePayment: async ({ body, unitOfWork }) => {
      const reply = json(200, { received: body.id });
      await receiveEvent(
        deps,
        unitOfWork(() => reply),
        body,
      );
      return reply;
    },
  } satisfies Partial<Handlers>;
}
