import { describe, expect, test } from "@jest/globals";
import { eventually } from "@media/drills/eventually";
import { kubectl, type Stack } from "@media/drills/stack";
import { memberWith, postgresPods, sql } from "@media/drills/verify/postgres";
import { MINUTE } from "./commands.ts";
import { fieldOf, synchronous } from "./pods.ts";

const SERVICE = "endpoints/postgres-replicas";
const ADDRESSES = "{.subsets[*].addresses[*].ip}";
const END_STREAMS = "select pg_terminate_backend(pid) from pg_stat_replication";

/** PostgreSQL's members that lose their stream, the WAL they need, or their volumes. */
export function membersLost(stack: Stack): void {
  describe("PostgreSQL's members", () => {
    test(
      "a replica without a stream leaves its Service, follows by the store, and streams again within 3 min",
      async () => {
        await synchronous(stack);
        const replica = await memberWith(stack, "replica");
        const written = () => sql(stack, "primary", "select pg_current_wal_lsn()");
        // In two transactions: a stream that begins again between its end and the commit would stay.
        await sql(stack, "primary", "alter role replicator nologin");
        await sql(stack, "primary", END_STREAMS);
        try {
          await eventually("no replica behind the Service", 60, async () => {
            expect(await fieldOf(stack, SERVICE, ADDRESSES)).toBe("");
          });
          const target = await written();
          const statements = "select pg_logical_emit_message(true, 'test', ''); select pg_switch_wal(); checkpoint;";
          await sql(stack, "primary", statements.repeat(4), { oneByOne: true });
          await eventually("the replica to have it from the store", 120, async () => {
            const replayed = await sql(stack, "replica", `select pg_last_wal_replay_lsn() >= '${target}'::pg_lsn`);
            expect(replayed).toBe("t");
          });
        } finally {
          await sql(stack, "primary", "alter role replicator login");
        }
        await eventually(`${replica} to stream`, 180, async () => {
          expect(await sql(stack, "replica", "select status from pg_stat_wal_receiver")).toBe("streaming");
          expect(await fieldOf(stack, SERVICE, ADDRESSES)).not.toBe("");
        });
        await synchronous(stack);
      },
      8 * MINUTE,
    );

    test(
      "all volumes lost, the namespace still there: the members restore from the store and one leads",
      async () => {
        await synchronous(stack);
        const count = () => sql(stack, "primary", "select count(*) from requests");
        const before = await count();
        await sql(stack, "primary", "select pg_switch_wal()");
        await eventually("everything to be archived", 60, async () => {
          const waiting = "select count(*) from pg_ls_archive_statusdir() where name like '%.ready'";
          expect(await sql(stack, "primary", waiting)).toBe("0");
        });
        const pods = await postgresPods(stack);
        const claims = pods.map((pod) => pod.replace("pod/", "pvc/data-"));
        await kubectl(stack, ["delete", ...claims, "--wait=false"]);
        await kubectl(stack, ["delete", ...pods, "--grace-period=0", "--force", "--wait=false"]);
        await eventually("a primary with what was there", 240, async () => {
          expect(Number(await count())).toBeGreaterThanOrEqual(Number(before));
        });
        await synchronous(stack);
      },
      8 * MINUTE,
    );
  });
}
