import { existsSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { targetOf } from "@media/drills/stack";
import { call, json } from "@media/drills/verify/http";
import { recordValues } from "../bench/figures.ts";
import { Interruptible } from "../bench/interrupt.ts";
import type { Layout } from "../cluster/layout.ts";
import { createStage } from "../injections/injection.ts";
import { goThrough, type Journal, reportOf } from "../injections/run.ts";
import { INJECTIONS } from "../injections/table.ts";
import { REPO } from "../lib/paths.ts";
import { say } from "../lib/progress.ts";
import { up } from "./incidents.ts";

const FOLDER = join(REPO, "evidence", "injections");
/** Of a way that has not come to its end. */
const UNDER_WAY = join(FOLDER, "under-way.json");

const written = (file: string, content: object) => writeFile(file, `${JSON.stringify(content, null, 2)}\n`);

/**
 * Goes through the table of injections on a stack dev of the soak's own. A run that was ended goes on where it was; a whole
 * one leaves evidence/injections/<time>.json.
 */
export async function injections(layout: Layout): Promise<void> {
  const target = await targetOf(await up(layout));
  await mkdir(FOLDER, { recursive: true });
  const before: Journal = existsSync(UNDER_WAY) ? JSON.parse(await readFile(UNDER_WAY, "utf8")) : { rows: [] };
  if (before.rows.length > 0) say(`${before.rows.length} alerts were looked at before: rm ${UNDER_WAY} to begin anew`);
  const work = new Interruptible();
  const journal = await work.run(() =>
    goThrough(INJECTIONS, before, {
      stage: createStage(target),
      say,
      save: (one) => written(UNDER_WAY, one),
      throwIfInterrupted: () => work.throwIfInterrupted(),
      async fires(alert) {
        const filter = encodeURIComponent(`alertname="${alert}"`);
        const answer = await call(`${target.alertmanagerUrl}/api/v2/alerts?filter=${filter}`);
        return json<unknown[]>(answer, 200).length > 0;
      },
    }),
  );
  const at = new Date().toISOString();
  await written(join(FOLDER, `${at.replaceAll(":", "-")}.json`), { version: 1, stack: "dev", at, ...journal });
  await written(UNDER_WAY, { rows: [] });
  for (const line of reportOf(INJECTIONS, journal)) say(line);
  const seen = journal.rows.filter(({ outcome }) => outcome === "seen and over").length;
  const name = `alerts: share of the ${Object.keys(INJECTIONS).length} shown to fire on the running stack by the fault they name, and to end with it`;
  await recordValues({ name, unit: "", bound: 0.9, atLeast: true }, [seen / Object.keys(INJECTIONS).length]);
  if (journal.rows.some(({ outcome }) => outcome !== "seen and over")) process.exitCode = 1;
}
