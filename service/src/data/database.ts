import { SpanKind } from "@opentelemetry/api";
import pg from "pg";
import type { Config } from "../config.ts";
import { Problem } from "../errors/problem.ts";
import type { Logger } from "../log.ts";
import type { Metrics } from "../metrics/metrics.ts";
import { PG_POOL_CONNECTIONS } from "../metrics/names.ts";
import { inSpan } from "../telemetry.ts";

/** A frozen primary answers nothing while its kernel still acknowledges packets: every wait has a deadline of its own. */
const CONNECT_MS = 2_000;
const STATEMENT_MS = 3_000;
/** Later than the server's own deadline, so that the server's error wins where it can still speak. */
const ANSWER_MS = 4_000;

const BEGIN = `BEGIN; SET LOCAL statement_timeout = ${STATEMENT_MS}`;

/**
 * The two pools. Both go through a pooler in transaction mode: no session state, no named prepared statements, and no
 * start-up parameters that it refuses (so `statement_timeout` is set inside each transaction).
 */
export interface Database {
  readonly primary: pg.Pool;
  readonly replica: pg.Pool;
  /** Throws while the primary does not answer. Has a connection of its own: a busy pool is not a missing database. */
  ping(): Promise<unknown>;
  /** Runs `work` in one transaction on the primary: all of it or nothing. */
  transaction<T>(name: string, work: (client: pg.PoolClient) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

export function connectDatabase(config: Config, log: Logger, metrics: Metrics): Database {
  const primary = createPool(config, config.PGDATABASE, log);
  const replica = createPool(config, config.PG_RO_DATABASE, log);
  const probe = createPool({ ...config, PG_POOL_MAX: 1 }, config.PGDATABASE, log);
  watchPools(metrics, { primary, replica });
  return {
    primary,
    replica,
    ping: () => probe.query("SELECT 1"),
    transaction: (name, work) =>
      inSpan(`sql ${name}`, { kind: SpanKind.CLIENT, attributes: { "db.system.name": "postgresql" } }, () =>
        transact(primary, work),
      ),
    close: async () => {
      await Promise.all([primary.end(), replica.end(), probe.end()]);
    },
  };
}

function createPool(config: Config, database: string, log: Logger): pg.Pool {
  const pool = new pg.Pool({
    host: config.PGHOST,
    port: config.PGPORT,
    user: config.PGUSER,
    password: config.secrets.PGPASSWORD_FILE,
    database,
    max: config.PG_POOL_MAX,
    application_name: `media-${config.process}`,
    connectionTimeoutMillis: CONNECT_MS,
    query_timeout: ANSWER_MS,
    keepAlive: true,
    // Spreads the connections anew after a pooler was added or came back.
    maxLifetimeSeconds: 300,
  });
  // Without a listener a connection that dies in the pool would end the process.
  pool.on("error", (error) => log.warn({ err: error, database }, "an idle database connection broke"));
  return pool;
}

async function transact<T>(pool: pg.Pool, work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  try {
    await client.query(BEGIN);
    const result = await work(client);
    await client.query("COMMIT");
    client.release();
    return result;
  } catch (error) {
    await abandon(client, error);
    throw error;
  }
}

/**
 * After an answer we chose ourselves the connection is sound and is rolled back. After anything else its state is
 * unknown, and closing it rolls back just as surely.
 */
async function abandon(client: pg.PoolClient, error: unknown): Promise<void> {
  if (!(error instanceof Problem)) return client.release(true);
  const failed = await client.query("ROLLBACK").then(
    () => false,
    () => true,
  );
  client.release(failed);
}

/** One statement outside a transaction. */
export function query<R extends pg.QueryResultRow>(
  pool: pg.Pool,
  name: string,
  text: string,
  values: unknown[],
): Promise<R[]> {
  return inSpan(`sql ${name}`, { kind: SpanKind.CLIENT, attributes: { "db.system.name": "postgresql" } }, async () => {
    const result = await pool.query<R>(text, values);
    return result.rows;
  });
}

function watchPools(metrics: Metrics, pools: Record<string, pg.Pool>): void {
  metrics.gauge(PG_POOL_CONNECTIONS, "Connections of a pool by state, and callers waiting for one.", (set) => {
    for (const [pool, { totalCount, idleCount, waitingCount }] of Object.entries(pools)) {
      set({ pool, state: "busy" }, totalCount - idleCount);
      set({ pool, state: "idle" }, idleCount);
      set({ pool, state: "waiting" }, waitingCount);
    }
  });
}
