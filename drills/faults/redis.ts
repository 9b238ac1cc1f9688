import { stateMembers } from "../verify/redis.ts";
import { deletedByForce } from "./pod-deleted.ts";
import { frozen } from "./pod-signalled.ts";
import type { PrimaryFault } from "./primary-fault.ts";
import { rollingRestart } from "./rolling-restart.ts";

/**
 * Replication of Redis does not wait for replicas: what the master acknowledged in its last moments may be missing. Its
 * append-only file is written once a second.
 */
const ASYNCHRONOUS_SECONDS = 1;

/** Faults of the state Redis' master. */
export const REDIS_FAULTS: Readonly<Record<string, PrimaryFault>> = {
  "redis-failover": {
    summary: "the pod of the state Redis' master is deleted by force",
    mostLostSeconds: ASYNCHRONOUS_SECONDS,
    inject: deletedByForce,
  },
  "redis-frozen": {
    summary: "every process of the pod of the state Redis' master is frozen (embedded cluster only)",
    needsOwner: true,
    mostLostSeconds: ASYNCHRONOUS_SECONDS,
    inject: frozen,
  },
  "redis-rolling-restart": {
    summary: "all members of the state Redis are restarted one after the other",
    inject: async ({ stack }) => {
      await rollingRestart(stack, ["statefulset/redis-state"]);
      return undefined;
    },
  },
  "redis-all-stopped": {
    summary: "all members of the state Redis are deleted by force at once, and start again",
    mostLostSeconds: ASYNCHRONOUS_SECONDS,
    inject: async (context) => {
      await Promise.all((await stateMembers(context.stack)).map((pod) => deletedByForce(context, pod)));
      return undefined;
    },
  },
};
