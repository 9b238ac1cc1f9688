import { describe, expect, test } from "@jest/globals";
import { eventually } from "@media/drills/eventually";
import { kubectl, type Stack } from "@media/drills/stack";
import { inPostgres, memberWith } from "@media/drills/verify/postgres";
import { MINUTE } from "./commands.ts";

/** An object that nothing else uses. */
const OBJECT = "written-by-a-test";

/** pgBackRest writes its errors to standard output unless it is told otherwise. */
const ERRORS = ["--log-level-console=off", "--log-level-stderr=error"];

/** What is in the backup store can be deleted with the expirer's keys only. */
export function deletions(stack: Stack): void {
  describe("the backup store", () => {
    const as = (container: string, ...command: string[]) =>
      memberWith(stack, "primary").then((pod) => kubectl(stack, ["exec", pod, "-c", container, "--", ...command]));
    const exists = async () => (await as("postgres", "pgbackrest", "repo-ls")).split("\n").includes(OBJECT);

    test(
      "refuses a deletion with the keys of PostgreSQL and of the keeper, and takes one of the expirer",
      async () => {
        await inPostgres(stack, "primary", ["pgbackrest", "repo-put", OBJECT], "text");
        for (const container of ["postgres", "keeper"]) {
          await expect(as(container, "pgbackrest", ...ERRORS, "repo-rm", OBJECT)).rejects.toThrow(/403|AccessDenied/);
          expect(await exists()).toBe(true);
        }
        await as("expirer", "pgbackrest", "repo-rm", OBJECT);
        expect(await exists()).toBe(false);
      },
      2 * MINUTE,
    );

    test("no other container has the expirer's keys", async () => {
      for (const container of ["postgres", "keeper", "watcher", "exporter"])
        await expect(as(container, "ls", "/run/secrets/pgbackrest-expiry")).rejects.toThrow(/No such file/);
      expect(await as("expirer", "ls", "/run/secrets/pgbackrest-expiry")).toContain("keys.conf");
    });

    test(
      "keeps no more full backups than it shall: the expirer removes them",
      async () => {
        const full = async () => {
          const found = JSON.parse(await as("keeper", "pgbackrest", "--stanza=main", "--output=json", "info"));
          return found[0].backup.filter(({ type }: { type: string }) => type === "full").length as number;
        };
        const kept = Number(
          /repo1-retention-full=(\d+)/.exec(await as("keeper", "cat", "/etc/pgbackrest/pgbackrest.conf"))?.[1],
        );
        for (let n = await full(); n <= kept; n++)
          // One that the keeper takes, and an expiry, hold the lock for a while.
          await eventually("a full backup", 120, () =>
            as("keeper", "pgbackrest", "--stanza=main", "--type=full", "backup"),
          );
        // It looks every 5 minutes, and at once after a backup that failed.
        await as("keeper", "touch", "/tmp/pgbackrest-backup-failed");
        await eventually(`${kept} full backups`, 330, async () => expect(await full()).toBe(kept));
      },
      10 * MINUTE,
    );
  });
}
