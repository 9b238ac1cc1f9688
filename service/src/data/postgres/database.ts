import { SpanKind } from "@opentelemetry/api";
import pg from "pg";
import { isUnavailable, Problem } from "../../errors/problem.ts";
import type { Logger } from "../../observability/log.ts";
import type { Metrics } from "../../observability/metrics/metrics.ts";
import { PG_POOL_CONNECTIONS } from "../../observability/metrics/names.ts";
import { inSpan } from "../../observability/tracing.ts";
import { createPolicy, type Policy } from "../../resilience/policy.ts";
import {
  CONNECT_MS,
  checkOut,
  discard,
  instruments,
  noteConnections,
  onConnection,
  secondsSince,
} from "./instruments.ts";
import { createLatestLsn } from "./lsn.ts";
import { createQueryWatch } from "./query-watch.ts";
import { createRecentReader, type ReadRecent } from "./replica.ts";

/** How a process signs in to its database. */
export interface DatabaseLogin {
  PGUSER: string;
  PGDATABASE: string;
  secrets: { PGPASSWORD_FILE?: string | undefined };
}

/** What the pools read of the configuration. */
export interface DatabaseConfig extends DatabaseLogin {
  /** Name of the process, for `application_name`. */
  process: string;
  PGHOST: string;
  PGPORT: number;
  /** The same database behind the read-only service. */
  PG_RO_DATABASE: string;
  /** Connections per pool. */
  PG_POOL_MAX: number;
}

/** Every wait has a deadline of its own. */
const STATEMENT_MS = 3_000;
/** Later than the server's own deadline, so that the server's error wins where it can still speak. */
const ANSWER_MS = 4_000;

/** Idle for so long, a connection is asked whether its other end is there: once a second, ten times (libuv's figures). */
export const KEEP_ALIVE_MS = 5_000;

/** The position is read in the same message: no trip of its own, and no other server of the pooler's. */
const COMMIT = "COMMIT; SELECT pg_current_wal_insert_lsn()::text AS lsn";

/** What a reading statement needs: a pool, or one connection of it. */
export type Reader = pg.Pool | pg.PoolClient;

const BEGIN = `BEGIN; SET LOCAL statement_timeout = ${STATEMENT_MS}`;

/** Runs `work` in one transaction on the primary: all of it or nothing. */
export type Transact<T> = (name: string, work: (client: pg.PoolClient) => Promise<T>) => Promise<T>;

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
  /** Up to where the write-ahead log reached when this process last committed: not before the end of any of its writes. */
  lastCommitLsn(): string | undefined;
  /** Reads from the replica where that has what the caller wrote, else from the primary (see replica.ts). */
  readRecent: ReadRecent;
  close(): Promise<void>;
}

export function connectDatabase(config: DatabaseConfig, log: Logger, metrics: Metrics): Database {
  const primary = createPool(config, config.PGDATABASE, log);
  const replica = createPool(config, config.PG_RO_DATABASE, log);
  const policy = createPolicy("database", { isFailure: isUnavailable, isRetriable: failedAtOnce }, metrics);
  const replicaPolicy = createPolicy(
    "database-replica",
    { isFailure: isUnavailable, isRetriable: () => false },
    metrics,
  );
  const watch = createQueryWatch(log, metrics);
  instruments
    .set(primary, { pool: "primary", policy, watch, waits: { count: 0, seconds: 0 } })
    .set(replica, { pool: "replica", policy: replicaPolicy, watch, waits: { count: 0, seconds: 0 } });
  const probe = createPool({ ...config, PG_POOL_MAX: 1 }, config.PGDATABASE, log);
  watchPools(metrics, { primary, replica });
  const latest = createLatestLsn();
  return {
    primary,
    replica,
    ping: () => probe.query("SELECT 1"),
    transaction: (name, work) =>
      inSpan(`sql ${name}`, { kind: SpanKind.CLIENT, attributes: { "db.system.name": "postgresql" } }, () =>
        transact(primary, name, policy, work, latest.note),
      ),
    lastCommitLsn: latest.lsn,
    readRecent: createRecentReader({ primary, replica, policy: replicaPolicy, log, metrics }),
    close: async () => {
      await Promise.all([primary.end(), replica.end(), probe.end()]);
    },
  };
}

function createPool(config: DatabaseConfig, database: string, log: Logger): pg.Pool {
  const pool = new pg.Pool({
    host: config.PGHOST,
    port: config.PGPORT,
    user: config.PGUSER,
    password: config.secrets.PGPASSWORD_FILE,
    database,
    max: config.PG_POOL_MAX,
    application_name: `media-${config.process}`,
    // A caller does not wait so long (checkOut); what comes of it later is thrown away.
    connectionTimeoutMillis: 2 * CONNECT_MS + 500,
    query_timeout: ANSWER_MS,
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEP_ALIVE_MS,
    // Spreads the connections anew after a pooler was added or came back.
    maxLifetimeSeconds: 300,
  });
  noteConnections(pool);
  // Without a listener a connection that dies in the pool would end the process.
  pool.on("error", (error) => log.warn({ err: error, database }, "an idle database connection broke"));
  // The same of one that is in use, whose statement gets the error too: the pool listens to idle ones only.
  pool.on("connect", (client) => client.on("error", () => {}));
  return pool;
}

/** Only BEGIN may be retried: a commit whose answer is missing may have taken place. */
async function transact<T>(
  pool: pg.Pool,
  name: string,
  policy: Policy,
  work: (client: pg.PoolClient) => Promise<T>,
  committed: (lsn: string) => void,
): Promise<T> {
  const client = await policy.once(() => begin(pool).catch((error) => retryBegin(pool, error)));
  const started = performance.now();
  try {
    const result = await work(client);
    const answers = (await client.query(COMMIT)) as unknown as pg.QueryResult<{ lsn: string }>[];
    committed(answers.at(-1)?.rows[0]?.lsn ?? "");
    client.release();
    return result;
  } catch (error) {
    await abandon(pool, client, error);
    throw error;
  } finally {
    instruments.get(pool)?.watch.ran(name, secondsSince(started));
  }
}

async function begin(pool: pg.Pool): Promise<pg.PoolClient> {
  const client = await checkOut(pool);
  try {
    await client.query(BEGIN);
    return client;
  } catch (error) {
    discard(pool, client, error);
    throw error;
  }
}

/** Once, and at once: a connection that had died in the pool is replaced. */
function retryBegin(pool: pg.Pool, error: unknown): Promise<pg.PoolClient> {
  if (!failedAtOnce(error)) throw error;
  return begin(pool);
}

/**
 * After an answer we chose ourselves the connection is sound and is rolled back. After anything else its state is
 * unknown, and closing it rolls back just as surely.
 */
async function abandon(pool: pg.Pool, client: pg.PoolClient, error: unknown): Promise<void> {
  if (!(error instanceof Problem)) return discard(pool, client, error);
  const failed = await client.query("ROLLBACK").then(
    () => false,
    () => true,
  );
  client.release(failed);
}

/** One reading statement outside a transaction, under the database's policy. */
export function query<R extends pg.QueryResultRow>(
  from: Reader,
  name: string,
  text: string,
  values: unknown[],
): Promise<R[]> {
  const policy = policyOf(from);
  const run = () => statement<R>(from, name, text, values);
  return policy ? policy.execute(run) : run();
}

/** One statement that must not be done twice. */
export function write<R extends pg.QueryResultRow>(
  pool: pg.Pool,
  name: string,
  text: string,
  values: unknown[],
): Promise<R[]> {
  const policy = policyOf(pool);
  const run = () => statement<R>(pool, name, text, values);
  return policy ? policy.once(run) : run();
}

function statement<R extends pg.QueryResultRow>(from: Reader, name: string, text: string, values: unknown[]) {
  return inSpan(`sql ${name}`, { kind: SpanKind.CLIENT, attributes: { "db.system.name": "postgresql" } }, async () => {
    const result = await execute<R>(from, name, text, values);
    return result.rows;
  });
}

/** A bare pool, as in a script, and a connection inside a transaction are not admitted. */
function policyOf(from: Reader): Policy | undefined {
  return "release" in from ? undefined : instruments.get(from)?.policy;
}

/** One measured statement without policy and span; inside a transaction it is measured with the whole of it. */
export async function execute<R extends pg.QueryResultRow>(
  from: Reader,
  name: string,
  text: string,
  values?: unknown[],
): Promise<pg.QueryResult<R>> {
  if ("release" in from) return from.query<R>(text, values);
  return onConnection(from, name, (client) => client.query<R>(text, values));
}

/** What took its whole time the first time would take it again. */
function failedAtOnce(error: unknown): boolean {
  return isUnavailable(error) && !/time-?out/i.test((error as Error).message);
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
