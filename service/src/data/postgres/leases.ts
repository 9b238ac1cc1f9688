import type pg from "pg";
import { query, write } from "./database.ts";

/**
 * Takes or keeps the right to do alone what only one process should do; false while another has it. A lease instead of
 * a session's lock: the pooler hands a session to a different client with each transaction. The database's clock alone
 * decides when it has run out.
 */
export async function holdLease(pool: pg.Pool, name: string, holder: string, seconds: number): Promise<boolean> {
  const held = await query(
    pool,
    "hold lease",
    `INSERT INTO leases AS l (name, holder, until) VALUES ($1, $2, now() + make_interval(secs => $3))
     ON CONFLICT (name) DO UPDATE SET holder = EXCLUDED.holder, until = EXCLUDED.until
     WHERE l.holder = EXCLUDED.holder OR l.until < now() RETURNING name`,
    [name, holder, seconds],
  );
  return held.length === 1;
}

export async function releaseLease(pool: pg.Pool, name: string, holder: string): Promise<void> {
  await write(pool, "release lease", "DELETE FROM leases WHERE name = $1 AND holder = $2", [name, holder]);
}
