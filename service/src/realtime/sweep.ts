import { setTimeout as sleep } from "node:timers/promises";
import type pg from "pg";
import { type Changes, type Place, placeAt } from "../data/postgres/page.ts";
import { changedDownloads } from "../data/repositories/downloads.ts";
import { changedRequests } from "../data/repositories/requests.ts";
import { downloadUpdate, requestUpdate, type Update } from "../domain/published-events.ts";
import type { Logger } from "../observability/log.ts";
import type { Metrics } from "../observability/metrics/metrics.ts";
import { createOutage } from "../observability/outage.ts";
import type { Publisher } from "./publisher.ts";

const EVERY_MS = 5_000;
/** A change is dated when it is written and seen when it is committed: that far apart they can be, and more. */
const OVERLAP_MS = 15_000;
/** Older changes are not published: clients that connect read the lists. */
const LONGEST_LOOK_BACK_MS = 1_800_000;
/** For a worker that has just started: the one that died may have been the last. */
const FIRST_LOOK_BACK_MS = 300_000;
const PAGE = 500;

interface SweepDeps {
  log: Logger;
  metrics: Metrics;
}

/**
 * Publishes what was committed but not published: its process died in between, or Redis was away. Every worker does
 * it; what was published is not published again, so the second finds nothing to do.
 */
export function createSweep(pool: pg.Pool, publisher: Publisher, { log, metrics }: SweepDeps, now = Date.now) {
  let seenUntil = now() - FIRST_LOOK_BACK_MS;

  const publishAll = async (updates: Update[]): Promise<number> => {
    const missing = await publisher.unpublished(updates);
    const outcomes = await Promise.all(missing.map((update) => publisher.publish(update)));
    if (outcomes.includes("failed")) throw new Error("Redis did not take every update");
    return outcomes.filter((outcome) => outcome === "published").length;
  };
  const sweep = async (): Promise<number> => {
    const started = now();
    const since = placeAt(new Date(Math.max(seenUntil - OVERLAP_MS, started - LONGEST_LOOK_BACK_MS)));
    let published = 0;
    for await (const requests of pages(since, (after) => changedRequests(pool, after, PAGE)))
      published += await publishAll(requests.map(requestUpdate));
    for await (const downloads of pages(since, (after) => changedDownloads(pool, after, PAGE)))
      published += await publishAll(downloads.map(downloadUpdate));
    // Only now: what could not be done is done by the next.
    seenUntil = started;
    return published;
  };
  const outage = createOutage(log, {}, "missing updates cannot be published", "missing updates can be published", () =>
    metrics.backgroundFailure({ task: "sweep" }),
  );
  const attempt = () =>
    sweep().then((updates) => {
      outage.over();
      if (updates > 0) log.info({ updates }, "missing updates published");
    }, outage.failed);
  return {
    sweep,
    /** Sweeps until the signal; the pauses differ, so that workers do not do it all at once. */
    async run(signal: AbortSignal): Promise<void> {
      while (!signal.aborted) {
        await sleep(EVERY_MS * (0.75 + Math.random() / 2), undefined, { signal }).catch(() => {});
        if (!signal.aborted) await attempt();
      }
    },
  };
}

async function* pages<T>(since: Place, read: (after: Place) => Promise<Changes<T>>): AsyncGenerator<T[]> {
  for (let after: Place | undefined = since; after; ) {
    const { items, next } = await read(after);
    yield items;
    after = next;
  }
}
