import { context, SpanKind } from "@opentelemetry/api";
import type { Job, PgBoss } from "pg-boss";
import { adminHandler } from "../admin.ts";
import type { Config } from "../config.ts";
import { createRequestCache } from "../data/cache.ts";
import { connectDatabase } from "../data/database.ts";
import { createBoss, DELIVERY_QUEUE, type DeliveryJob } from "../data/queue.ts";
import { connectCache } from "../data/redis.ts";
import { type DeliverRequestDeps, deliverRequest } from "../domain/deliver-request.ts";
import { listen, type Running } from "../lifecycle.ts";
import type { Logger } from "../log.ts";
import { WORKER_LAST_POLL_TIMESTAMP_SECONDS } from "../metrics/names.ts";
import { continueTrace, inSpan, withRequestId } from "../telemetry.ts";
import { type Base, type Opened, type Overrides, startProcess, untilAvailable } from "./start.ts";

/** A poll is due twice a second and is given up after 4 s: a minute without one means that the loop itself is stuck. */
const STUCK_SECONDS = 60;
const JOBS_AT_ONCE = 4;
const POLL_SECONDS = 0.5;

/** Takes delivery jobs from the queue and does each exactly once. */
export function startWorker(config: Config, overrides?: Overrides): Promise<Running> {
  return startProcess(config, overrides, openWorker);
}

async function openWorker(base: Base): Promise<Opened> {
  const { config, log, metrics, lifecycle } = base;
  const database = connectDatabase(config, log, metrics);
  const redis = connectCache(config, log);
  const boss = createBoss(database.primary, log, { supervise: true });
  lifecycle.onClose("database", () => database.close());
  lifecycle.onClose("redis", async () => redis.disconnect());

  const startedAt = Date.now();
  const lastPoll = () => lastCompletedPoll(boss, startedAt);
  metrics.gauge(WORKER_LAST_POLL_TIMESTAMP_SECONDS, "When the last poll of the queue came back.", (set) =>
    set({}, lastPoll() / 1_000),
  );
  const admin = adminHandler({
    metrics,
    lifecycle,
    readiness: [
      { name: "database", check: () => database.ping() },
      { name: "redis-cache", check: () => redis.ping() },
    ],
    stuck: () => (lifecycle.serving ? pollIsOverdue(lastPoll()) : undefined),
  });
  const adminPort = await listen(lifecycle, "admin server", config.ADMIN_PORT, admin);
  await untilAvailable(base, "starting the job queue", () => boss.start(), isNotMigrated);
  await work(boss, log, { database, cache: createRequestCache(redis, log), metrics });
  // Stops fetching at once and waits for the jobs in hand.
  lifecycle.onClose("job queue", () => boss.stop({ graceful: true, timeout: 15_000 }));
  // Nobody routes to a worker, so there is nothing to wait for before it closes.
  return { adminPort, drainSeconds: 0 };
}

async function work(boss: PgBoss, log: Logger, deps: DeliverRequestDeps): Promise<void> {
  const options = { pollingIntervalSeconds: POLL_SECONDS, localConcurrency: JOBS_AT_ONCE, burstWhenBatchFull: true };
  await boss.work<DeliveryJob>(DELIVERY_QUEUE, options, async (jobs) => {
    for (const job of jobs) await runJob(job, log, deps);
  });
}

/** Goes on in the trace of the HTTP request that created the job. */
function runJob(job: Job<DeliveryJob>, log: Logger, deps: DeliverRequestDeps): Promise<void> {
  const { requestId, correlationId, trace } = job.data;
  const parent = withRequestId(continueTrace(trace ?? {}), correlationId ?? job.id);
  const attributes = { "messaging.destination.name": DELIVERY_QUEUE, "messaging.message.id": job.id };
  return context.with(parent, () =>
    inSpan(`job ${DELIVERY_QUEUE}`, { kind: SpanKind.CONSUMER, attributes }, async () => {
      const started = performance.now();
      let outcome = "failed";
      try {
        const delivered = await deliverRequest(deps, requestId);
        outcome = delivered ? "delivered" : "already-delivered";
        log.info({ jobId: job.id, mediaRequestId: requestId, outcome }, "job done");
      } catch (error) {
        log.error({ err: error, jobId: job.id, mediaRequestId: requestId }, "job failed");
        throw error;
      } finally {
        deps.metrics.job({ queue: DELIVERY_QUEUE, outcome }, (performance.now() - started) / 1_000);
      }
    }),
  );
}

/**
 * Milliseconds since 1970 of the last poll that came back. One that came back with an error counts: while the
 * database is away the loop is sound, and a restart would mend nothing.
 */
function lastCompletedPoll(boss: PgBoss, startedAt: number): number {
  const polls = boss.getWipData().flatMap(({ lastFetchedOn, lastErrorOn }) => [lastFetchedOn ?? 0, lastErrorOn ?? 0]);
  return Math.max(startedAt, ...polls);
}

function pollIsOverdue(lastPoll: number): string | undefined {
  const age = Math.round((Date.now() - lastPoll) / 1_000);
  return age > STUCK_SECONDS ? `no poll of the queue came back for ${age} s` : undefined;
}

/** The worker may be up before the api has migrated the database. */
function isNotMigrated(error: Error): boolean {
  return /pg-boss (is not installed|database requires migrations)/.test(error.message);
}
