import type pg from "pg";
import type { PgBoss } from "pg-boss";
import type { Database } from "../data/postgres/database.ts";
import { sendFollow } from "../data/queue/queue.ts";
import type { RequestCache } from "../data/redis/cache.ts";
import { type Download, endDownload, insertDownload } from "../data/repositories/downloads.ts";
import { type ChangedRequest, findForUpdate, markFailed } from "../data/repositories/requests.ts";
import type { Metrics } from "../observability/metrics/metrics.ts";
import type { EventPublisher } from "./published-events.ts";

export interface DeliverRequestDeps {
  database: Database;
  cache: RequestCache;
  publisher: EventPublisher;
  metrics: Metrics;
}

/**
 * Sets an approved request to work: a download, and the job that looks after it. A job can come twice (its worker
 * died), and the request may have been cancelled meanwhile; answers whether anything was to be done.
 */
export async function deliverRequest(deps: DeliverRequestDeps & { boss: PgBoss }, requestId: string): Promise<boolean> {
  const started = await deps.database.transaction("deliver request", async (client) => {
    const request = await findForUpdate(client, requestId);
    const download = request?.status === "pending" ? await insertDownload(client, requestId) : undefined;
    if (download) await sendFollow(deps.boss, client, { requestId, downloadId: download.id, tick: 0 }, 0);
    return download;
  });
  if (started) deps.publisher.downloadChanged(started);
  return started !== undefined;
}

interface GivenUp {
  request: ChangedRequest;
  download: Download | undefined;
}

/**
 * After the last try of its job: a person can retry the request. Does nothing where the request changed since that job
 * failed (it was cancelled and retried, and has another job). Returns whether anything was done.
 */
export async function giveUpRequest(deps: DeliverRequestDeps, requestId: string, failedAt: Date): Promise<boolean> {
  const work = async (client: pg.PoolClient): Promise<GivenUp | undefined> => {
    const request = await markFailed(client, requestId, failedAt);
    return request && { request, download: await endDownload(client, requestId, "failed") };
  };
  const ended = await deps.database.transaction("give up request", work);
  await deps.cache.invalidate(requestId);
  if (!ended) return false;
  deps.publisher.requestChanged(ended.request);
  if (!ended.download) return true;
  deps.publisher.downloadChanged(ended.download);
  deps.metrics.downloadEnded({ outcome: "failed" });
  return true;
}
