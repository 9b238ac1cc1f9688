import { readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import type { Servers } from "@media/service/test/servers";
import { type Psql, runScript } from "../data/psql.ts";

const MIGRATIONS = dirname(createRequire(import.meta.url).resolve("@media/service/migrations/001-requests.sql"));

/** Makes the service's tables in a new PostgreSQL, and gives the command that asks it. */
export async function migrate({ postgresPort }: Servers): Promise<Psql> {
  const options = ["-XAtq", "-v", "ON_ERROR_STOP=1", "-d", `postgresql://postgres@127.0.0.1:${postgresPort}/media`];
  for (const file of readdirSync(MIGRATIONS).sort())
    await runScript(["psql", ...options, "-f", join(MIGRATIONS, file)], []);
  return ["psql", ...options];
}
