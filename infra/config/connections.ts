import type { Scaled, Tier } from "./tiers.ts";

/** PgBouncer opens so many more for a pool whose clients have waited long (pgbouncer.plan.ts). */
export const RESERVE_POOL = 2;
/** Slots that only superusers get (PostgreSQL's default), among them Patroni's own connections. */
const SUPERUSER_SLOTS = 3;
/** Patroni, the exporter, the watcher and a person with psql. */
const OWN_CLIENTS = 6;
/** While pods are replaced there is one more of each workload. */
const SURGE = 1;

type Sizes = Pick<Tier, "api" | "gateway" | "web" | "worker" | "pgbouncer" | "postgres">;

/** Connections that the primary has to bear at most: every pod at its highest number, and one more of each while they roll. */
export function connectionsToPostgres({ api, pgbouncer }: Pick<Sizes, "api" | "pgbouncer">): number {
  const pools = (pgbouncer.replicas + SURGE) * (pgbouncer.poolSize + RESERVE_POOL);
  // Each api pod brings the schema up to date when it starts, past the pooler.
  const migrations = most(api) + SURGE;
  return pools + migrations + OWN_CLIENTS + SUPERUSER_SLOTS;
}

/** Clients that one pooler has to bear, should all others be away: each pod has a pool of the primary and one of the replicas. */
export function clientsOfPgbouncer({ api, worker }: Pick<Sizes, "api" | "worker">): number {
  return 2 * ((most(api) + SURGE) * api.poolMax + (most(worker) + SURGE) * worker.poolMax);
}

const most = ({ replicas, maxReplicas }: Scaled) => Math.max(replicas, maxReplicas);

/** What is wrong with sizes: with each pod at its highest number, a limit of connections would be passed. */
export function connectionProblems(sizes: Sizes): { path: string[]; message: string }[] {
  const problems: { path: string[]; message: string }[] = [];
  const { pgbouncer, postgres } = sizes;
  const toPostgres = connectionsToPostgres(sizes);
  if (toPostgres > postgres.maxConnections)
    problems.push({
      path: ["pgbouncer", "poolSize"],
      message: `would need up to ${toPostgres} connections of PostgreSQL, which has ${postgres.maxConnections}`,
    });
  const clients = clientsOfPgbouncer(sizes);
  if (clients > pgbouncer.maxClients)
    problems.push({
      path: ["api", "poolMax"],
      message: `would need up to ${clients} clients of PgBouncer, which takes ${pgbouncer.maxClients}`,
    });
  for (const name of ["api", "gateway", "web", "worker"] as const) {
    const { replicas, maxReplicas } = sizes[name];
    if (maxReplicas < replicas)
      problems.push({ path: [name, "maxReplicas"], message: `is below ${name}.replicas, ${replicas}` });
  }
  return problems;
}
