import { context, SpanKind } from "@opentelemetry/api";
import type { JobResult, JobWithMetadata } from "pg-boss";
import type { Database } from "../data/postgres/database.ts";
import { type Holds, type QueueControl, watchHolds } from "../data/queue/holds.ts";
import {
  createBoss,
  DELIVERY_QUEUE,
  type DeliveryJob,
  FOLLOW_QUEUE,
  type FollowJob,
  GIVE_UP_QUEUE,
  QUEUES,
  WITHDRAWAL_QUEUE,
} from "../data/queue/queue.ts";
import { watchQueues } from "../data/queue/queue-watch.ts";
import { createRequestCache } from "../data/redis/cache.ts";
import { purgeActivity } from "../data/repositories/activity.ts";
import { purgeGroups } from "../data/repositories/error-groups.ts";
import { purgeKeys } from "../data/repositories/idempotency.ts";
import { purgeUsage } from "../data/repositories/plans.ts";
import { deliverRequest, giveUpRequest } from "../domain/deliver-request.ts";
import { type FollowDownloadDeps, followDownload } from "../domain/follow-download.ts";
import { publishFigures } from "../domain/publish-business-figures.ts";
import { withdrawRequest } from "../domain/withdraw-request.ts";
import { toProblem } from "../errors/problem.ts";
import { recordProblem } from "../errors/record.ts";
import { continueTrace, inSpan, markFailed, withRequestId } from "../observability/tracing.ts";
import { adminHandler } from "../process/admin-server.ts";
import type { Config } from "../process/config.ts";
import { listen, type Running } from "../process/lifecycle.ts";
import { type Base, type Opened, type Overrides, startProcess, untilAvailable } from "../process/start.ts";
import { createSweep } from "../realtime/sweep.ts";
import { openOverseerr } from "../upstreams/clients.ts";
import { watchPolls } from "./polls.ts";
import { openStores, type Stores } from "./stores.ts";

/** Jobs in hand at most: as many batches as fetchers. */
const BATCH = 10;
const FETCHERS = 2;
const PURGE_MS = 3_600_000;

/** Sets approved requests to work and follows their downloads; each job takes effect exactly once. */
export function startWorker(config: Config, overrides?: Overrides): Promise<Running> {
  return startProcess(config, overrides, openWorker);
}

async function openWorker(base: Base): Promise<Opened> {
  const { config, log, metrics, lifecycle } = base;
  const parts = openParts(base);
  const { boss, database } = parts;

  let holds: Holds | undefined;
  const stuck = watchPolls(boss, Object.keys(QUEUES), metrics, (queue) => holds?.lastHeld(queue) ?? 0);
  const admin = adminHandler({
    metrics,
    lifecycle,
    readiness: [
      { name: "database", check: () => database.ping() },
      { name: "redis-cache", check: () => parts.cacheRedis.ping() },
    ],
    stuck: () => (lifecycle.serving ? stuck() : undefined),
  });
  const adminPort = await listen(lifecycle, "admin server", config.ADMIN_PORT, admin);
  await untilAvailable(base, "starting the job queue", () => boss.start(), isNotMigrated);
  parts.reports.start();
  const queues = watchQueues(database.primary, log, metrics);
  lifecycle.onClose("queue watch", async () => queues.stop());
  await work(parts);
  holds = watchHolds(database.primary, controlOf(parts), log);
  // Stops fetching at once and waits for the jobs in hand.
  lifecycle.onClose("job queue", () => boss.stop({ graceful: true, timeout: 15_000 }));
  lifecycle.onClose("holds", async () => holds?.stop());
  purgeHourly(base, database);
  sweepUpdates(base, parts);
  lifecycle.onClose("business metrics", publishFigures({ database, metrics, log }, config.BUSINESS_INTERVAL_SECONDS));
  // No traffic is routed to a worker, so there is nothing to wait for before it closes.
  return { adminPort, drainSeconds: 0 };
}

function openParts(base: Base) {
  const { log, metrics, lifecycle } = base;
  const stores = openStores(base);
  const overseerr = openOverseerr(base);
  lifecycle.onClose("overseerr", () => overseerr.close());
  return {
    ...stores,
    boss: createBoss(stores.database.primary, log, { supervise: true }),
    cache: createRequestCache(stores.cacheRedis, log, metrics),
    overseerr,
    log,
    metrics,
  };
}

function sweepUpdates({ log, metrics, lifecycle }: Base, { database, publisher }: Stores): void {
  const stop = new AbortController();
  const running = createSweep(database.primary, publisher, { log, metrics }).run(stop.signal);
  lifecycle.onClose("sweep", () => {
    stop.abort();
    return running;
  });
}

/** What is deleted when its time has come. */
const PURGES = {
  "idempotency keys": purgeKeys,
  "weeks of usage": purgeUsage,
  "days of activity": purgeActivity,
  "error groups": purgeGroups,
};

/** By every worker: each is one cheap statement, and the second worker finds nothing to do. */
function purgeHourly({ log, lifecycle }: Base, database: Database): void {
  const purge = () => {
    for (const [what, run] of Object.entries(PURGES)) {
      run(database.primary).then(
        (rows) => rows > 0 && log.info({ what, rows }, "purged"),
        (error: unknown) => log.warn({ err: error, what }, "could not be purged"),
      );
    }
  };
  purge();
  const timer = setInterval(purge, PURGE_MS);
  lifecycle.onClose("purge", async () => clearInterval(timer));
}

/** A queue, what its jobs do, and under which outcome that is counted. */
interface Work<J extends DeliveryJob> {
  queue: string;
  pollSeconds: number;
  /** Outcomes that come again and again and are no news. */
  routine: readonly string[];
  perform(deps: FollowDownloadDeps, job: J, createdOn: Date): Promise<string>;
}

const DELIVER: Work<DeliveryJob> = {
  queue: DELIVERY_QUEUE,
  pollSeconds: 0.5,
  routine: [],
  perform: async (deps, { requestId }) => ((await deliverRequest(deps, requestId)) ? "started" : "already-started"),
};
const FOLLOW: Work<FollowJob> = {
  queue: FOLLOW_QUEUE,
  pollSeconds: 0.5,
  routine: ["queued", "downloading"],
  perform: followDownload,
};
const WITHDRAW: Work<DeliveryJob> = {
  queue: WITHDRAWAL_QUEUE,
  // No caller waits for it.
  pollSeconds: 2,
  routine: [],
  perform: (deps, { requestId }) => withdrawRequest(deps, requestId),
};
/** Made by the queue itself when it gives up a job: also one whose worker died in its last try. */
const GIVE_UP: Work<DeliveryJob> = {
  queue: GIVE_UP_QUEUE,
  pollSeconds: 2,
  routine: [],
  perform: async (deps, { requestId }, createdOn) =>
    (await giveUpRequest(deps, requestId, createdOn)) ? "given-up" : "superseded",
};

/** How to begin with each queue. */
const BEGIN: Readonly<Record<string, (deps: FollowDownloadDeps) => Promise<void>>> = {
  [DELIVERY_QUEUE]: (deps) => fetchJobs(deps, DELIVER),
  [FOLLOW_QUEUE]: (deps) => fetchJobs(deps, FOLLOW),
  [GIVE_UP_QUEUE]: (deps) => fetchJobs(deps, GIVE_UP),
  [WITHDRAWAL_QUEUE]: (deps) => fetchJobs(deps, WITHDRAW),
};

async function work(deps: FollowDownloadDeps): Promise<void> {
  for (const begin of Object.values(BEGIN)) await begin(deps);
}

/** A hold takes no job away from the fetcher that has it. */
function controlOf(deps: FollowDownloadDeps): QueueControl {
  return {
    hold: (queue) => deps.boss.offWork(queue, { wait: false }),
    release: async (queue) => BEGIN[queue]?.(deps),
  };
}

async function fetchJobs<J extends DeliveryJob>(deps: FollowDownloadDeps, it: Work<J>): Promise<void> {
  const options = {
    pollingIntervalSeconds: it.pollSeconds,
    localConcurrency: FETCHERS,
    batchSize: BATCH,
    // A full batch is followed by the next at once; else the polling interval would bound the throughput.
    burstWhenBatchFull: true,
    // Each job of a batch succeeds or is tried again by itself.
    perJobResults: true,
    // Says which try it is.
    includeMetadata: true,
  } as const;
  await deps.boss.work<J, unknown, typeof options>(it.queue, options, (jobs) =>
    Promise.all(jobs.map((job) => runJob(job, deps, it))),
  );
}

/** Goes on in the trace of the HTTP request that created the job. */
function runJob<J extends DeliveryJob>(
  job: JobWithMetadata<J>,
  deps: FollowDownloadDeps,
  { queue, routine, perform }: Work<J>,
): Promise<JobResult> {
  const { log, metrics } = deps;
  const parent = withRequestId(continueTrace(job.data.trace ?? {}), job.data.correlationId ?? job.id);
  const attributes = { "messaging.destination.name": queue, "messaging.message.id": job.id };
  return context.with(parent, () =>
    inSpan(`job ${queue}`, { kind: SpanKind.CONSUMER, attributes }, async (span): Promise<JobResult> => {
      const started = performance.now();
      const done = (outcome: string) => metrics.job({ queue, outcome }, (performance.now() - started) / 1_000);
      const about = { queue, jobId: job.id, mediaRequestId: job.data.requestId };
      try {
        const outcome = await perform(deps, job.data, job.createdOn);
        done(outcome);
        log[routine.includes(outcome) ? "debug" : "info"]({ ...about, outcome }, "job done");
        return { id: job.id, status: "completed" };
      } catch (error) {
        done("failed");
        markFailed(span, error);
        recordProblem(toProblem(error), deps, "job failed", about);
        return { id: job.id, status: "failed", output: { message: String(error) } };
      }
    }),
  );
}

/** The worker may be up before the api has migrated the database. */
function isNotMigrated(error: Error): boolean {
  return /pg-boss (is not installed|database requires migrations)/.test(error.message);
}
