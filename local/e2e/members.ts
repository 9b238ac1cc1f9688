import { describe, expect, test } from "@jest/globals";
import { eventually } from "../lib/eventually.ts";
import type { Stack } from "../stack/pulumi.ts";
import { journey, targetOf } from "../verify/journey.ts";
import { inPostgres, memberWith, sql } from "../verify/postgres.ts";
import { MINUTE } from "./commands.ts";
import { fieldOf, inStack, signals, synchronous } from "./pods.ts";

/** PostgreSQL's members in a stack that is up: what they do by themselves when one of them goes, or comes back. */
export function members(stack: Stack): void {
  describe("PostgreSQL", () => {
    test(
      "a switchover: the primary changes, no request is lost, the journey goes on",
      async () => {
        const target = await targetOf(stack);
        await synchronous(stack);
        const before = await memberWith(stack, "primary");
        const trip = await journey(target);
        await eventually("a switchover", 60, async () => {
          // It ends with 0 also when Patroni has refused, for want of a candidate that is in step.
          const { stdout } = await inPostgres(stack, "primary", ["patronictl", "switchover", "--force"]);
          if (!stdout.includes("Successfully switched over")) throw new Error(stdout);
        });
        await eventually("another primary", 60, async () => {
          const now = await memberWith(stack, "primary");
          if (now === before) throw new Error(`it is ${now}`);
        });
        await journey(target, 60);
        expect(await sql(stack, "primary", `select count(*) from requests where id = '${trip.id}'`)).toBe("1");
      },
      6 * MINUTE,
    );

    test(
      "a member whose node restarts and whose address is the primary's now comes back: Patroni alone would refuse to start for ever",
      async () => {
        await synchronous(stack);
        const [replica, primary] = [await memberWith(stack, "replica"), await memberWith(stack, "primary")];
        const taken = await fieldOf(stack, primary, "{.status.podIP}");
        const send = await signals(stack, replica);
        // Frozen it cannot write its own address over the other's.
        send("SIGSTOP");
        const status = JSON.parse(await fieldOf(stack, replica, "{.metadata.annotations.status}"));
        const moved = JSON.stringify({ ...status, api_url: `http://${taken}:8008/patroni` });
        await inStack(stack, "annotate", replica, "--overwrite", `status=${moved}`);
        send("SIGKILL");
        await eventually(`${replica} to forget ${taken}`, 90, async () => {
          const { stdout } = await inStack(stack, "logs", replica, "-c", "postgres");
          expect(stdout).toContain(`forgot the address of an earlier life, ${taken}`);
        });
        await synchronous(stack);
        expect(await memberWith(stack, "replica")).toBe(replica);
      },
      6 * MINUTE,
    );
  });
}
