import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { eventually } from "@media/drills/eventually";
import { compare } from "@media/drills/ledger";
import { readLedger, writeLedger } from "@media/drills/ledger-table";
import { kubectl, type Stack, targetOf } from "@media/drills/stack";
import { archiveAll, waitForBackup } from "@media/drills/verify/archive";
import { journey } from "@media/drills/verify/journey";
import { podsReady } from "@media/drills/verify/pods";
import { inPostgres, sql } from "@media/drills/verify/postgres";
import { portOf } from "@media/infra/endpoints";
import { access } from "../stack/access.ts";
import { deploy, destroy } from "../stack/deploy.ts";
import { overlayFolder, useEnvironment } from "../stack/environment.ts";
import { backupStore, writeOverlay } from "../stack/overlay.ts";
import { dev, layout, MINUTE } from "./commands.ts";

const local = () => ({ layout: layout(), name: "staging" });
const staging = (): Stack => access(local());
const ROWS = 100;

interface Store {
  endpoint: string;
  bucket: string;
  region: string;
  caPem: string;
  accessKey: string;
  secretKey: string;
  cipherPass: string;
}

/** Configures stack staging as a standby of the source, or promotes it, and brings it up. */
async function bringUp(standby: boolean): Promise<void> {
  const { credentials: _, ...machine } = JSON.parse(
    readFileSync(join(overlayFolder(layout()), "dev.json"), "utf8"),
  ) as Record<string, unknown>;
  const { endpoint, bucket, region, caPem, accessKey, secretKey, cipherPass } = (await backupStore(dev())) as Store;
  const restoreFrom = { endpoint, bucket, region, caPem, accessKey, secretKey, cipherPass };
  const own = (await backupStore(local())) as object;
  useEnvironment(layout(), "staging");
  // Its doubles take its alerts, and run in the app layer: a standby has neither.
  const layers = standby ? { layers: ["data"] } : {};
  await writeOverlay(local(), { ...machine, ...layers, backups: { ...own, restoreFrom, standby } });
  await deploy(local());
  await podsReady(staging());
}

/** A warm standby beside its source, and its promotion. Stack dev is the source, stack staging the standby, of production's shape. */
export function promotion(source: Stack): void {
  describe("a warm standby", () => {
    test(
      "stack staging follows dev's store: rows appear, and none can be written",
      async () => {
        await waitForBackup(source);
        await bringUp(true);
        const [first] = await writeLedger(source, 1, "to the standby");
        await archiveAll(source);
        const count = `select count(*) from ledger where seq = ${first?.seq}`;
        await eventually("the row on the standby", 120, async () =>
          expect(await sql(staging(), "primary", count)).toBe("1"),
        );
        await expect(sql(staging(), "primary", "create table mine (id int)")).rejects.toThrow(/read-only/);
        expect(await staging().outputs()).not.toHaveProperty("gatewayUrl");
        const exporter = `curl --silent http://127.0.0.1:${portOf("postgres", "metrics")}/metrics`;
        const told = await inPostgres(staging(), "primary", [
          "sh",
          "-c",
          `${exporter} | grep ^pg_followed_age_seconds`,
        ]);
        expect(Number(told.trim().split(" ").at(-1))).toBeLessThan(120);
      },
      15 * MINUTE,
    );

    test(
      "its promotion by the configuration: no archived row is lost, and a user's request is served",
      async () => {
        const rows = await writeLedger(source, ROWS, "before the promotion");
        await archiveAll(source);
        const from = performance.now();
        await bringUp(false);
        await journey(await targetOf(staging()), 120);
        process.stderr.write(`promotion: a journey after ${Math.round((performance.now() - from) / 1000)} s\n`);
        expect(compare(rows, rows.at(-1)?.seq ?? 0, await readLedger(staging()))).toMatchObject({
          rowsAcknowledged: ROWS,
          rowsLost: 0,
          chainIntact: true,
        });
        // It has a timeline and a backup of its own, and its source goes on.
        await waitForBackup(staging());
        expect(await sql(staging(), "primary", "select timeline_id > 1 from pg_control_checkpoint()")).toBe("t");
        expect(await sql(staging(), "primary", "select count(*) from pg_stat_replication")).toBe("2");
        useEnvironment(layout(), "dev");
        await journey(await targetOf(source));
      },
      15 * MINUTE,
    );

    test(
      "negative control: a stack that has a primary, configured as a standby, stays one",
      async () => {
        await bringUp(true);
        await eventually("the refusal", 180, async () => {
          const logs = ["logs", "-l", "app.kubernetes.io/name=postgres", "-c", "watcher", "--tail=200"];
          expect(await kubectl(staging(), logs)).toContain("REFUSED to follow");
        });
        expect(await sql(staging(), "primary", "select pg_is_in_recovery()")).toBe("f");
        await destroy(local());
        useEnvironment(layout(), "dev");
      },
      15 * MINUTE,
    );
  });
}
