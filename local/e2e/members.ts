import { describe, expect, test } from "@jest/globals";
import { eventually } from "@media/drills/eventually";
import { switchOver } from "@media/drills/faults/switchover";
import { kubectl, type Stack, targetOf } from "@media/drills/stack";
import { journey } from "@media/drills/verify/journey";
import { memberWith, sql } from "@media/drills/verify/postgres";
import { MINUTE } from "./commands.ts";
import { fieldOf, signals, synchronous } from "./pods.ts";

/** PostgreSQL's members in a running stack: they recover without help when one of them goes or comes back. */
export function members(stack: Stack): void {
  describe("PostgreSQL", () => {
    test(
      "a switchover: the primary changes, no request is lost, the journey goes on",
      async () => {
        const target = await targetOf(stack);
        await synchronous(stack);
        const made = await journey(target);
        await switchOver(stack);
        await journey(target, 60);
        expect(await sql(stack, "primary", `select count(*) from requests where id = '${made.id}'`)).toBe("1");
      },
      6 * MINUTE,
    );

    test(
      "a member whose node restarts and whose old address is now the primary's comes back: Patroni alone would never start",
      async () => {
        await synchronous(stack);
        const [replica, primary] = [await memberWith(stack, "replica"), await memberWith(stack, "primary")];
        const taken = await fieldOf(stack, primary, "{.status.podIP}");
        const send = await signals(stack, replica);
        // A frozen member cannot overwrite this with its own address.
        send("SIGSTOP");
        const status = JSON.parse(await fieldOf(stack, replica, "{.metadata.annotations.status}"));
        const moved = JSON.stringify({ ...status, api_url: `http://${taken}:8008/patroni` });
        await kubectl(stack, ["annotate", replica, "--overwrite", `status=${moved}`]);
        send("SIGKILL");
        await eventually(`${replica} to forget ${taken}`, 90, async () => {
          const log = await kubectl(stack, ["logs", replica, "-c", "postgres"]);
          expect(log).toContain(`forgot the address of an earlier life, ${taken}`);
        });
        await synchronous(stack);
        expect(await memberWith(stack, "replica")).toBe(replica);
      },
      6 * MINUTE,
    );
  });
}
