import { Problem } from "../../errors/problem.ts";
import type { Policy } from "../../resilience/policy.ts";

/** For what cannot be made up while the state Redis is away, unlike a count: says so by the Problem "sessions-unavailable". */
export function surely<T>(policy: Policy, work: () => Promise<T>): Promise<T> {
  return policy.once(work).catch((cause: unknown) => {
    throw new Problem("sessions-unavailable", { headers: { "Retry-After": "2" }, cause });
  });
}
