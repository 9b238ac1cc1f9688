import { SpanKind } from "@opentelemetry/api";
import type pg from "pg";
import type { Logger } from "../../observability/log.ts";
import type { Metrics } from "../../observability/metrics/metrics.ts";
import { MOST_LAG_SECONDS } from "../../observability/metrics/objectives.ts";
import { createOutage } from "../../observability/outage.ts";
import { inSpan } from "../../observability/tracing.ts";
import type { Policy } from "../../resilience/policy.ts";
import { onConnection } from "./instruments.ts";
import { isLsn } from "./lsn.ts";

/**
 * Whether the server that this transaction is on may answer: it has replayed the caller's own writes and is not far
 * behind the others'. One that is no replica at all (the read-only service falls back on the primary) always may. In a
 * statement of its own, before the one that reads: that one's snapshot is then younger than the answer. A replica that
 * has replayed all it got is up to date only while it still gets something: the receiver's row is there while it is
 * connected, which ends 10 s after the primary was heard last (wal_receiver_timeout). Each primary commits every two seconds
 * (infra/data/postgres/watcher), so that also without a receiver, from the backup store for one, what is young is young.
 */
const check = (written: string) => `BEGIN READ ONLY; SET LOCAL statement_timeout = 400;
SELECT NOT pg_is_in_recovery() OR (
  pg_last_wal_replay_lsn() >= '${written}'::pg_lsn AND (
    pg_last_wal_replay_lsn() = pg_last_wal_receive_lsn() AND EXISTS (SELECT FROM pg_stat_wal_receiver)
    OR now() - pg_last_xact_replay_timestamp() < interval '${MOST_LAG_SECONDS} seconds')) AS current`;

const NOTHING_WRITTEN = "0/0";

/**
 * Reads from the replica if it has replayed the caller's last write (`lastWriteLsn`: null for none, undefined where it is
 * not known), else from the primary. Also reads from the primary where `work` found nothing (undefined) on the replica.
 */
export type ReadRecent = <T>(
  name: string,
  written: string | null | undefined,
  work: (from: pg.Pool | pg.PoolClient) => Promise<T>,
) => Promise<T>;

interface RecentReaderDeps {
  primary: pg.Pool;
  replica: pg.Pool;
  policy: Policy;
  log: Logger;
  metrics: Metrics;
}

export function createRecentReader({ primary, replica, policy, log, metrics }: RecentReaderDeps): ReadRecent {
  const outage = createOutage(log, {}, "the replica does not answer: the primary does", "the replica answers again");
  const instead = async <T>(work: (from: pg.Pool) => Promise<T>): Promise<T> => {
    const count = (result: "hit" | "miss") => metrics.fallback({ dependency: "database-replica", result });
    const answer = work(primary);
    answer.then(
      () => count("hit"),
      () => count("miss"),
    );
    return answer;
  };
  return async (name, written, work) => {
    // A position is put into SQL text: nothing else may pass.
    if (written === undefined || !isLsn(written ?? NOTHING_WRITTEN)) return work(primary);
    const begin = check(written ?? NOTHING_WRITTEN);
    try {
      const ask = () => policy.execute(() => inTransaction(replica, name, begin, work));
      const found = await inSpan(`sql ${name}`, SPAN, ask);
      outage.over();
      if (found !== undefined) return found;
    } catch (error) {
      outage.failed(error);
      return instead(work);
    }
    return work(primary);
  };
}

const SPAN = { kind: SpanKind.CLIENT, attributes: { "db.system.name": "postgresql", "media.server": "replica" } };

async function inTransaction<T>(
  pool: pg.Pool,
  name: string,
  begin: string,
  work: (client: pg.PoolClient) => Promise<T>,
) {
  return onConnection(pool, name, async (client) => {
    const answers = (await client.query(begin)) as unknown as pg.QueryResult<{ current: boolean | null }>[];
    const result = answers.at(-1)?.rows[0]?.current ? await work(client) : undefined;
    await client.query("COMMIT");
    return result;
  });
}
