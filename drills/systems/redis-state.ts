import { eventually } from "../lib/eventually.ts";
import type { Stack } from "../lib/stack.ts";
import { RedisWrites } from "../redis-writes.ts";
import { askSentinel, askState, stateMaster, stateMembers } from "../verify/redis.ts";
import { FAILOVER_SECONDS, HEALTHY_SECONDS, type ReplicatedSystem } from "./system.ts";

const PROBE = "drill:probe:takes-writes";

/** The state Redis under Sentinel. */
export const redisState: ReplicatedSystem = {
  primary: stateMaster,
  primaryThatWrites: (stack) =>
    eventually("a master that takes writes", FAILOVER_SECONDS, async () => {
      const master = await stateMaster(stack);
      await askState(stack, ["SET", PROBE, "1", "EX", "60"], master);
      return master;
    }),
  healthy,
  startWrites: (stack) => RedisWrites.start(stack),
};

/** Every member but the master follows it and has all that it has, and the Sentinels say the same. */
async function healthy(stack: Stack): Promise<void> {
  const members = (await stateMembers(stack)).length;
  await eventually("all members in step", HEALTHY_SECONDS, async () => {
    const master = await stateMaster(stack);
    const [role, , replicas] = await askState<[string, number, unknown[]]>(stack, ["ROLE"], master);
    if (role !== "master") throw new Error(`${master}, which the Sentinels name, is ${role}`);
    if (replicas.length < members - 1) throw new Error(`${replicas.length} of ${members - 1} replicas follow`);
    const known = await askSentinel(stack, "replicas", "state");
    if (/s_down|disconnected/.test(known)) throw new Error("the Sentinels do not reach a replica");
  });
}
