import { startServers } from "@media/service/test/servers";
import { remove, seed } from "../data/seed.ts";
import { say } from "../lib/progress.ts";
import { migrate } from "../test/migrated.ts";
import type { Row } from "./row.ts";

const ROWS = 1_000_000;

/** A million requests with their users into a PostgreSQL of this machine, and out again. */
export async function seeding(rounds: number): Promise<Row[]> {
  const servers = await startServers();
  const [seeded, removed]: [number[], number[]] = [[], []];
  try {
    const psql = await migrate(servers);
    for (let round = 1; round <= Math.min(rounds, 3); round++) {
      seeded.push((await seed(psql, { rows: ROWS, seed: round }, () => {})).seconds);
      removed.push((await remove(psql)).seconds);
      say(`round ${round}: seeded in ${seeded.at(-1)?.toFixed(1)} s, removed in ${removed.at(-1)?.toFixed(1)} s`);
    }
  } finally {
    await servers.stop();
  }
  return [
    { name: "load tests: seeding a million requests with their users", unit: "s", bound: 60, values: seeded },
    { name: "load tests: removing a million seeded requests", unit: "s", bound: 30, values: removed },
  ];
}
