import type pg from "pg";
import { readQuota, takeQuota } from "../data/repositories/plans.ts";
import { Problem } from "../errors/problem.ts";
import { type Identity, may } from "../model/roles.ts";

/**
 * Takes one request from the caller's weekly quota, in the transaction that makes it, or refuses. What was made counts,
 * also when it is cancelled later: else cancelling would be a way around the limit.
 */
export async function chargeQuota(client: pg.ClientBase, user: Identity): Promise<void> {
  if (may(user, "requests:unlimited") || (await takeQuota(client, user.id))) return;
  const { plan, limit, resetsAt } = await readQuota(client, user.id);
  const seconds = Math.max(1, Math.ceil((resetsAt.getTime() - Date.now()) / 1_000));
  throw new Problem("quota-exceeded", {
    detail: `The plan "${plan}" allows ${limit} requests a week.`,
    headers: { "Retry-After": String(seconds) },
    extensions: { plan, limit, resetsAt: resetsAt.toISOString() },
  });
}
