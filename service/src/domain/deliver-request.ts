import type { PgBoss } from "pg-boss";
import type { RequestCache } from "../data/cache.ts";
import type { Database } from "../data/database.ts";
import { type Download, endDownload, insertDownload } from "../data/downloads.ts";
import { sendFollow } from "../data/queue.ts";
import { type ChangedRequest, findForUpdate, markFailed } from "../data/requests.ts";
import type { Metrics } from "../metrics/metrics.ts";
import type { Publisher } from "../realtime/publisher.ts";

export interface DeliverRequestDeps {
  database: Database;
  cache: RequestCache;
  publisher: Publisher;
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
  request: ChangedRequest | undefined;
  download: Download | undefined;
}

/** After the last try of its job: the request can be retried by a person. */
export async function giveUpRequest(deps: DeliverRequestDeps, requestId: string): Promise<void> {
  const { request, download } = await deps.database.transaction("give up request", async (client): Promise<GivenUp> => {
    const failed = await markFailed(client, requestId);
    return { request: failed, download: await endDownload(client, requestId, "failed") };
  });
  await deps.cache.invalidate(requestId);
  if (request) deps.publisher.requestChanged(request);
  if (!download) return;
  deps.publisher.downloadChanged(download);
  deps.metrics.downloadEnded({ outcome: "failed" });
}
