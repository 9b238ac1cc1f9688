import { describe, expect, test } from "@jest/globals";
import { eventually } from "@media/drills/eventually";
import { targetOf } from "@media/drills/stack";
import { journey } from "@media/drills/verify/journey";
import { kubectl } from "../cluster/cluster.ts";
import { owner } from "../stack/owner.ts";
import { clusterProcesses, devAccess, INSIDE, layout, MINUTE } from "./commands.ts";

/** Each process of the embedded cluster, killed alone, and then all of them at once. */
export function kills(): void {
  describe("processes are killed", () => {
    const killed = [...INSIDE, "policies", "inside", "dockerd", "registry", "guard", "supervisor"];
    test.each(killed)(
      "kill -9 of %s: it runs again and the cluster answers",
      async (name) => {
        const before = clusterProcesses()[name] as number;
        expect(before).toBeGreaterThan(1);
        process.kill(before, "SIGKILL");
        await eventually(`${name} to run again`, 30, async () => {
          const now = clusterProcesses()[name];
          if (!now || now === before) throw new Error(`still ${now}`);
        });
        await eventually("the API server to answer", 30, async () => kubectl(layout(), ["get", "--raw", "/readyz"]));
      },
      2 * MINUTE,
    );

    test(
      "a journey works after all these kills",
      async () => {
        await journey(await targetOf(devAccess()), 90);
      },
      4 * MINUTE,
    );

    test(
      "kill -9 of process 1 of the namespaces: the whole cluster comes back and a journey works",
      async () => {
        await owner(layout()).cutPower();
        await journey(await targetOf(devAccess()), 150);
      },
      6 * MINUTE,
    );
  });
}
