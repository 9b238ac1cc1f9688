import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { REPO } from "../lib/paths.ts";
import { MINUTE, make } from "./commands.ts";

/** The newest evidence of a kind. */
export function evidenceOf(kind: string) {
  const folder = join(REPO, "evidence");
  const file = readdirSync(folder)
    .filter((name) => name.endsWith(`-${kind}.json`))
    .sort()
    .at(-1);
  return JSON.parse(readFileSync(join(folder, file as string), "utf8"));
}

/** The quick drills on the running stack; each has its negative control in it. */
export function recovery(): void {
  describe("recovery", () => {
    test(
      "the newest backup is proved to be restorable",
      async () => {
        await make("drill", "KIND=proof");
        expect(evidenceOf("proof")).toMatchObject({ passed: true });
      },
      5 * MINUTE,
    );

    test(
      "the primary's pod is deleted under writes: no acknowledged row is lost, and the check finds one that is taken away",
      async () => {
        await make("drill", "KIND=failover");
        expect(evidenceOf("failover")).toMatchObject({ passed: true, findings: { rowsLost: 0, controlFails: true } });
      },
      6 * MINUTE,
    );

    test(
      "the node's kubelet and containerd are killed under writes: no acknowledged row is lost",
      async () => {
        for (const kind of ["kubelet-killed", "containerd-killed"]) {
          await make("drill", `KIND=${kind}`);
          expect(evidenceOf(kind)).toMatchObject({ passed: true, findings: { rowsLost: 0, controlFails: true } });
        }
      },
      8 * MINUTE,
    );

    test(
      "a full disk is refused here, where a claim does not bound its volume, and nothing is filled",
      async () => {
        await expect(make("drill", "KIND=disk-full")).rejects.toThrow(/filling it would fill the node/);
      },
      3 * MINUTE,
    );

    test(
      "the drill of the schedule recovers a database of its own, and its figures are in Prometheus",
      async () => {
        const { all } = await make("drill", "KIND=simulation");
        expect(evidenceOf("simulation")).toMatchObject({
          passed: true,
          rpoSeconds: 0,
          findings: { tableDropped: { controlFails: true }, allLost: { rowsLost: 0, controlFails: true } },
        });
        expect(all).toContain("its figures are in Prometheus");
      },
      5 * MINUTE,
    );

    test(
      "a dropped table comes back as it was at the moment before",
      async () => {
        await make("drill", "KIND=pitr");
        expect(evidenceOf("pitr")).toMatchObject({ passed: true, rpoSeconds: 0, findings: { controlFails: true } });
      },
      6 * MINUTE,
    );

    test(
      "a point in time that cannot be had is refused with the reason",
      async () => {
        await expect(make("drill", "KIND=pitr", "TARGET=2020-01-01T00:00:00Z")).rejects.toThrow(
          /before the first backup/,
        );
        await expect(make("drill", "KIND=pitr", "TARGET=2100-01-01T00:00:00Z")).rejects.toThrow(
          /after the last archived/,
        );
      },
      4 * MINUTE,
    );
  });
}
