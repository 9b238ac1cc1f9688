import { SpanKind } from "@opentelemetry/api";
import type pg from "pg";
import type { Guard } from "../recovery/guard.ts";
import { inSpan } from "../telemetry.ts";
import { checkOut, instruments, secondsSince } from "./instruments.ts";

/** Positions in the write-ahead log, as PostgreSQL writes them. They are put into SQL text, so nothing else may pass. */
const POSITION = /^[0-9A-F]{1,8}\/[0-9A-F]{1,8}$/;
/** What others may not yet see of the newest; a replica further behind answers nobody. */
const MOST_LAG = "10 seconds";

/**
 * Whether the server that this transaction is on may answer: it has replayed the caller's own writes and is not far
 * behind the others'. One that is no replica at all (the read-only service falls back on the primary) always may. In a
 * statement of its own, before the one that reads: that one's snapshot is then younger than the answer. Without news
 * from the primary a replica that has replayed all it got counts as up to date, however old that is: an idle primary
 * looks the same; one that lost its primary is taken out of service by Patroni.
 */
const check = (written: string) => `BEGIN READ ONLY; SET LOCAL statement_timeout = 400;
SELECT NOT pg_is_in_recovery() OR (
  pg_last_wal_replay_lsn() >= '${written}'::pg_lsn AND (
    pg_last_wal_replay_lsn() = pg_last_wal_receive_lsn()
    OR now() - pg_last_xact_replay_timestamp() < interval '${MOST_LAG}')) AS current`;

const NOTHING_WRITTEN = "0/0";

/** Reads in one transaction on the replica if it may answer this caller; undefined where the primary has to. */
export async function readReplica<T>(
  pool: pg.Pool,
  guard: Guard,
  name: string,
  written: string | null | undefined,
  work: (client: pg.PoolClient) => Promise<T>,
): Promise<T | undefined> {
  // Undefined: the state Redis did not say what the caller wrote.
  if (written === undefined || !POSITION.test(written ?? NOTHING_WRITTEN)) return undefined;
  return inSpan(`sql ${name}`, SPAN, () =>
    guard.once(() => inTransaction(pool, name, check(written ?? NOTHING_WRITTEN), work)),
  ).catch(() => undefined);
}

const SPAN = { kind: SpanKind.CLIENT, attributes: { "db.system.name": "postgresql", "media.server": "replica" } };

async function inTransaction<T>(
  pool: pg.Pool,
  name: string,
  begin: string,
  work: (client: pg.PoolClient) => Promise<T>,
) {
  const client = await checkOut(pool);
  const started = performance.now();
  try {
    const answers = (await client.query(begin)) as unknown as pg.QueryResult<{ current: boolean | null }>[];
    const result = answers.at(-1)?.rows[0]?.current ? await work(client) : undefined;
    await client.query("COMMIT");
    client.release();
    return result;
  } catch (error) {
    client.release(true);
    throw error;
  } finally {
    instruments.get(pool)?.watch.ran(name, secondsSince(started));
  }
}
