import { connectDatabase } from "../data/postgres/database.ts";
import { connectCache, connectState } from "../data/redis/redis.ts";
import { type Base, openReports } from "../process/start.ts";
import { createPublisher } from "../realtime/publisher.ts";
import { ANY_ERROR, createPolicy } from "../resilience/policy.ts";

export type Stores = ReturnType<typeof openStores>;

/** What api and worker both keep state in: the database, both Redis, the error reports and the stream of live updates. */
export function openStores(base: Base) {
  const { config, log, metrics, lifecycle } = base;
  const database = connectDatabase(config, log, metrics);
  lifecycle.onClose("database", () => database.close());
  const reports = openReports(base, database);
  const cacheRedis = connectCache(config, log);
  const stateRedis = connectState(config, log);
  const statePolicy = createPolicy("redis-state", ANY_ERROR, metrics);
  const publisher = createPublisher(stateRedis, statePolicy, log, metrics);
  lifecycle.onClose("redis", async () => {
    await publisher.settled();
    cacheRedis.disconnect();
    stateRedis.disconnect();
  });
  return { database, reports, cacheRedis, stateRedis, statePolicy, publisher };
}
