import type pg from "pg";
import type { PgBoss } from "pg-boss";
import { type FollowJob, sendFollow, sendWithdrawal } from "../data/queue/queue.ts";
import { type Download, findDownload, stepDownload, UNDER_WAY } from "../data/repositories/downloads.ts";
import { type ChangedRequest, findForUpdate, markAvailable, markFailed } from "../data/repositories/requests.ts";
import { Problem } from "../errors/problem.ts";
import { type Monitors, recordProblem } from "../errors/record.ts";
import type { Overseerr } from "../upstreams/overseerr.ts";
import type { DeliverRequestDeps } from "./deliver-request.ts";
import { type Look, pauseMs, planStep } from "./follow-plan.ts";

export interface FollowDownloadDeps extends DeliverRequestDeps, Monitors {
  boss: PgBoss;
  overseerr: Overseerr;
}

/** `superseded`: this look was made before, or there is nothing to follow any more. */
export type Followed = Download["status"] | "superseded";

/**
 * Looks once at how a download goes, writes down what is seen, and sends the job of the next look, the last two in one
 * transaction that only one job of this tick can commit. However often a job comes, there is one chain of looks.
 */
export async function followDownload(
  deps: FollowDownloadDeps,
  { downloadId, tick }: Pick<FollowJob, "downloadId" | "tick">,
): Promise<Followed> {
  const download = await findDownload(deps.database.primary, downloadId);
  if (download?.tick !== tick) return "superseded";
  // Before the transaction: no connection is held while Overseerr takes its time.
  const look = UNDER_WAY.includes(download.status) ? await lookAt(deps, download) : "unseen";
  const written = await deps.database.transaction("follow download", (client) => write(deps, client, download, look));
  if (!written) return "superseded";
  await publish(deps, download, written);
  return written.next.status;
}

interface Written {
  next: Download;
  /** Where its state changed too. */
  request: ChangedRequest | undefined;
}

async function write(
  { boss }: FollowDownloadDeps,
  client: pg.PoolClient,
  download: Download,
  look: Look,
): Promise<Written | undefined> {
  // Locks the request first, as a cancellation does: locking in one order cannot deadlock.
  await findForUpdate(client, download.requestId);
  const next = await stepDownload(
    client,
    download,
    planStep(download, look, Date.now() - Date.parse(download.updatedAt)),
  );
  if (!next) return void (await withdrawUnknown(boss, client, download.id));
  const { id: downloadId, requestId, tick } = next;
  if (next.status === "completed") return { next, request: await markAvailable(client, requestId) };
  if (next.status === "failed") return { next, request: await markFailed(client, requestId) };
  await sendFollow(boss, client, { requestId, downloadId, tick }, pauseMs(next, Date.now()));
  return { next, request: undefined };
}

/**
 * Cancelled while Overseerr was being asked, be it by a worker that was killed then: its request may be there, and have
 * come after the cancellation's own job looked for it.
 */
async function withdrawUnknown(boss: PgBoss, client: pg.PoolClient, downloadId: string): Promise<void> {
  const download = await findDownload(client, downloadId);
  if (download?.status !== "cancelled" || download.overseerrId !== null) return;
  await sendWithdrawal(boss, client, download.requestId);
}

async function publish(
  { cache, publisher, metrics }: FollowDownloadDeps,
  before: Download,
  { next, request }: Written,
): Promise<void> {
  if (next.version !== before.version) publisher.downloadChanged(next);
  if (!request) return;
  await cache.invalidate(request.id);
  publisher.requestChanged(request);
  metrics.downloadEnded({ outcome: next.status });
  if (request.status === "available") metrics.requestDelivered({ media_type: request.mediaType });
}

/** Trouble at Overseerr is no verdict on the download: it is looked for again, for as long as it takes. */
async function lookAt(deps: FollowDownloadDeps, download: Download): Promise<Look> {
  const { overseerr } = deps;
  try {
    const overseerrId = download.overseerrId ?? (await overseerr.request(download.mediaType, download.tmdbId));
    const seen = await overseerr.sight(overseerrId);
    return seen ? { seen, overseerrId } : "lost";
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    recordProblem(error, deps, "download not seen", { downloadId: download.id });
    return "unseen";
  }
}
