import { eventually } from "../lib/eventually.ts";
import { createSchema } from "../lib/schema.ts";
import type { Stack } from "../lib/stack.ts";
import { memberWith, postgresPods, sql, synchronousStandbys } from "../verify/postgres.ts";
import { SteadyWrites } from "../writes.ts";
import { FAILOVER_SECONDS, HEALTHY_SECONDS, type ReplicatedSystem } from "./system.ts";

/** PostgreSQL under Patroni. */
export const postgres: ReplicatedSystem = {
  primary: (stack) => memberWith(stack, "primary"),
  primaryThatWrites: (stack) =>
    eventually("a primary that takes writes", FAILOVER_SECONDS, async () => {
      const recovering = await sql(stack, "primary", "select pg_is_in_recovery(), pg_current_xact_id()");
      if (!recovering.startsWith("f")) throw new Error(`it recovers: ${recovering}`);
      return memberWith(stack, "primary");
    }),
  healthy,
  async startWrites(stack) {
    const schema = await createSchema(stack);
    const writes = await SteadyWrites.start(stack, schema).catch(async (error: unknown) => {
      await schema.drop();
      throw error;
    });
    return {
      stop: () => writes.stop(),
      rows: () => writes.rows(),
      lose: () => writes.lose(),
      async remove() {
        await writes.remove();
        await schema.drop();
      },
    };
  },
};

/** Every member but the primary is a synchronous standby or could be one. */
async function healthy(stack: Stack): Promise<void> {
  const members = (await postgresPods(stack)).length;
  await eventually("all members in step", HEALTHY_SECONDS, async () => {
    const streaming = await sql(stack, "primary", "select count(*) from pg_stat_replication where state = 'streaming'");
    if (Number(streaming) < members - 1) throw new Error(`${streaming} of ${members - 1} standbys stream`);
    if (members > 1 && (await synchronousStandbys(stack)) === 0) throw new Error("no standby is synchronous");
  });
}
