import { Redis } from "ioredis";
import pg from "pg";
import { connectionTo } from "../../test/platform.ts";
import { plantIdleSession, type World } from "../../test/responder-world.ts";

/** A fault of which an alert of severity warning tells, and which a playbook mends. */
export interface Fault {
  alert: string;
  category: string;
  /** Labels of the alert besides its name, severity and category. */
  labels: Record<string, string>;
  /** How long its rule waits (`for` in dashboards/rules), in seconds: so long the expression must be false after the mend. */
  ruleSeconds: number;
  /** Causes it. What comes back says whether it is still so, as the alert's expression does, and cleans up. */
  cause(world: World): Promise<{ holds(): Promise<boolean>; end(): Promise<void> }>;
}

const member = (name: string, role: string) => ({
  name,
  workload: "postgres",
  ready: true,
  role,
  owner: "StatefulSet",
});
const nothing = async () => {};
const superuser = async ({ platform }: World, ...statements: string[]) => {
  const client = new pg.Client({ ...connectionTo(platform.servers), user: "postgres" });
  await client.connect();
  for (const sql of statements) await client.query(sql);
  await client.end();
};
const count = async ({ platform }: World, sql: string) => (await platform.sql(sql)).length;

/** PostgreSQL and Redis are real ones; pods and claims are those of the tests' API server. */
export const FAULTS: readonly Fault[] = [
  {
    alert: "IdleInTransaction",
    category: "database",
    labels: { pod: "postgres-0" },
    ruleSeconds: 15,
    async cause({ platform }) {
      const { state, end } = await plantIdleSession(platform);
      return { holds: async () => !state.ended, end };
    },
  },
  {
    alert: "QueryRunsLong",
    category: "database",
    labels: { pod: "postgres-0" },
    ruleSeconds: 15,
    async cause(world) {
      const running = world.platform.sql("SELECT pg_sleep(600)").catch(() => {});
      const sql = "SELECT FROM pg_stat_activity WHERE state = 'active' AND query = 'SELECT pg_sleep(600)'";
      return { holds: async () => (await count(world, sql)) > 0, end: () => running.then(nothing) };
    },
  },
  {
    alert: "PodNotReady",
    category: "infrastructure",
    labels: { pod: "api-1" },
    ruleSeconds: 120,
    async cause({ signals: { pods } }) {
      pods.push({ name: "api-1", workload: "api", ready: false });
      return { holds: async () => pods.some(({ name }) => name === "api-1"), end: nothing };
    },
  },
  {
    alert: "QueueDelayed",
    category: "business",
    labels: { queue: "delivery" },
    ruleSeconds: 60,
    async cause({ signals: { replicas } }) {
      replicas.set("worker", 1);
      // What is mended by the second pod stays so when that goes.
      let mended = false;
      const holds = async () => {
        mended ||= (replicas.get("worker") ?? 0) > 1;
        return !mended;
      };
      return { holds, end: nothing };
    },
  },
  {
    alert: "StandbyCutOff",
    category: "database",
    labels: { pod: "postgres-1" },
    ruleSeconds: 60,
    async cause({ signals: { pods, deleted } }) {
      const before = deleted.filter((name) => name === "postgres-1").length;
      pods.push(member("postgres-0", "primary"), member("postgres-1", "replica"));
      const holds = async () => {
        const gone = deleted.filter((name) => name === "postgres-1").length > before;
        // Kubernetes brings it back.
        if (gone && !pods.some(({ name }) => name === "postgres-1")) pods.push(member("postgres-1", "replica"));
        return !gone;
      };
      const end = async () => {
        pods.splice(0, pods.length, ...pods.filter(({ workload }) => workload !== "postgres"));
      };
      return { holds, end };
    },
  },
  {
    alert: "DatabaseVolumeHigh",
    category: "database",
    labels: { pod: "postgres-0" },
    ruleSeconds: 60,
    async cause({ signals: { claims } }) {
      for (const name of ["data-postgres-0", "data-postgres-1"]) claims.set(name, 5);
      return { holds: async () => claims.get("data-postgres-0") === 5, end: nothing };
    },
  },
  {
    alert: "WalPilesUp",
    category: "database",
    labels: { pod: "postgres-0" },
    ruleSeconds: 60,
    async cause(world) {
      const sql = `SELECT FROM (SELECT sum(size) AS bytes FROM pg_ls_waldir()) AS wal
        WHERE bytes > 1.5 * (SELECT setting::int * 1048576::bigint FROM pg_settings WHERE name = 'max_wal_size')`;
      // A member that was away held it; PostgreSQL's own checkpoints recycle nothing until the next file.
      await superuser(world, "SELECT pg_create_physical_replication_slot('bench', true)");
      for (let n = 0; n < 20 && (await count(world, sql)) === 0; n++)
        await superuser(world, "SELECT pg_logical_emit_message(false, 'bench', 'x')", "SELECT pg_switch_wal()");
      await superuser(world, "CHECKPOINT", "SELECT pg_drop_replication_slot('bench')");
      return { holds: async () => (await count(world, sql)) > 0, end: nothing };
    },
  },
  {
    alert: "CacheEmptied",
    category: "database",
    labels: { pod: "redis-cache-0" },
    ruleSeconds: 60,
    async cause({ platform }) {
      const redis = new Redis(platform.servers.cachePort, "127.0.0.1");
      const requests = (await platform.sql("SELECT FROM requests")).length;
      await redis.flushall();
      const holds = async () => (await redis.keys("copy:request:*")).length < requests / 2;
      return { holds, end: async () => redis.disconnect() };
    },
  },
];

/** What the faults need: an archive that works, a log that grows past its size, requests in the database. */
export async function prepareFaults(world: World): Promise<void> {
  const { servers, sql } = world.platform;
  await superuser(
    world,
    "GRANT EXECUTE ON FUNCTION pg_ls_waldir() TO media",
    "ALTER SYSTEM SET archive_mode = on",
    "ALTER SYSTEM SET archive_command = 'true'",
    "ALTER SYSTEM SET max_wal_size = '32MB'",
    "ALTER SYSTEM SET min_wal_size = '32MB'",
  );
  await servers.kill("postgres");
  await servers.restart("postgres");
  await sql(`INSERT INTO requests (user_id, media_type, tmdb_id, title)
    SELECT 'bench', 'movie', n, 'Title ' || n FROM generate_series(1, 300) AS n`);
}
