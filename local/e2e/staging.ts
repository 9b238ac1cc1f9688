import { describe, expect, test } from "@jest/globals";
import { eventually } from "@media/drills/eventually";
import { compare } from "@media/drills/ledger";
import { readLedger, writeLedger } from "@media/drills/ledger-table";
import { kubectl, type Stack, targetOf } from "@media/drills/stack";
import { journey } from "@media/drills/verify/journey";
import { memberWith, sql } from "@media/drills/verify/postgres";
import { askSentinel, stateMaster } from "@media/drills/verify/redis";
import { access } from "../stack/access.ts";
import { destroy } from "../stack/deploy.ts";
import { useEnvironment } from "../stack/environment.ts";
import { devAccess, layout, MINUTE, make } from "./commands.ts";
import { signals, synchronous } from "./pods.ts";

const local = () => ({ layout: layout(), name: "staging" });
const staging = (): Stack => access(local());
const ROWS = 100;

/** Production's shape beside dev: three members each of PostgreSQL and Redis with their Sentinels, two pods of each stateless workload. */
export function productionShape(): void {
  describe("production's shape", () => {
    test(
      "stack staging comes up beside dev and serves a request",
      async () => {
        expect((await make("up", "STACK=staging")).all).toContain("stack staging is up");
        useEnvironment(layout(), "staging");
        const members = await sql(staging(), "primary", "select count(*) from pg_stat_replication");
        expect(Number(members)).toBe(2);
      },
      6 * MINUTE,
    );

    test(
      "PostgreSQL's primary freezes: another takes over, nothing acknowledged is lost, and the frozen one comes back as a replica",
      async () => {
        const stack = staging();
        await synchronous(stack);
        const before = await memberWith(stack, "primary");
        const rows = await writeLedger(stack, ROWS, "frozen primary");
        const send = await signals(stack, before);
        send("SIGSTOP");
        try {
          await eventually("another primary", 90, async () =>
            expect(await memberWith(stack, "primary")).not.toBe(before),
          );
          await journey(await targetOf(stack), 60);
        } finally {
          send("SIGCONT");
        }
        expect(compare(rows, Number.MAX_SAFE_INTEGER, await readLedger(stack))).toMatchObject({
          rowsAcknowledged: ROWS,
          rowsLost: 0,
          chainIntact: true,
        });
        await eventually("two replicas that stream", 120, async () =>
          expect(
            await sql(stack, "primary", "select count(*) from pg_stat_replication where state = 'streaming'"),
          ).toBe("2"),
        );
        expect(await memberWith(stack, "primary")).not.toBe(before);
      },
      6 * MINUTE,
    );

    test(
      "Redis' master freezes: the Sentinels agree on another, the journey goes on, and the frozen one comes back as a replica",
      async () => {
        const stack = staging();
        const before = await stateMaster(stack);
        const send = await signals(stack, before);
        send("SIGSTOP");
        try {
          await eventually("another master", 60, async () => expect(await stateMaster(stack)).not.toBe(before));
          await journey(await targetOf(stack), 60);
        } finally {
          send("SIGCONT");
        }
        await eventually("the old master to follow", 60, async () => {
          const replicas = await askSentinel(stack, "replicas", "state");
          expect(replicas).toContain(`${before.replace("pod/", "")}.redis-state`);
          expect(replicas).not.toMatch(/s_down|disconnected/);
        });
        expect(await stateMaster(stack)).not.toBe(before);
      },
      3 * MINUTE,
    );

    test(
      "destroying a stack does not affect the other stack",
      async () => {
        await destroy(local());
        await expect(kubectl(staging(), ["get", "namespace", staging().namespace])).rejects.toThrow(
          /NotFound|not found/,
        );
        useEnvironment(layout(), "dev");
        await journey(await targetOf(devAccess()));
      },
      4 * MINUTE,
    );
  });
}
