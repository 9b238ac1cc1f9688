import { createHmac, hkdfSync } from "node:crypto";
import type { Database } from "../data/postgres/database.ts";
import { type ActivityRow, insertActivity } from "../data/repositories/activity.ts";
import type { Logger } from "../observability/log.ts";
import type { Metrics } from "../observability/metrics/metrics.ts";

const DAY_MS = 86_400_000;
const FLUSH_MS = 5_000;
/** Users a process remembers per day, about 100 bytes each; later ones are counted as dropped, not kept. */
const MOST = 100_000;
const DAY_ZERO_IS_THURSDAY = 3;

/** Who was here on which day: each is written once per process and day, later and in batches, never by a request. */
export interface Activity {
  account(id: string): void;
  /** Known by address and browser only, and of that only a keyed hash that changes each week is kept. */
  visitor(address: string, userAgent: string): void;
  /** Writes what was not yet written; what cannot be is kept for the next time. */
  flush(): Promise<void>;
}

export interface ActivityDeps {
  database: Database;
  metrics: Metrics;
  log: Logger;
}

export function createActivity({ database, metrics, log }: ActivityDeps, secret: string, now = Date.now): Activity {
  const key = Buffer.from(hkdfSync("sha256", secret, "", "media visitors", 32));
  const seen = new Set<string>();
  let today = 0;
  let fresh: ActivityRow[] = [];

  const note = (kind: ActivityRow["kind"], who: string, day: number): void => {
    if (day !== today) seen.clear();
    today = day;
    const name = kind + who;
    if (seen.has(name)) return;
    if (seen.size >= MOST || fresh.length >= MOST) {
      metrics.activityDropped({ kind });
      return;
    }
    seen.add(name);
    fresh.push({ day: new Date(day * DAY_MS).toISOString().slice(0, 10), kind, who });
  };

  return {
    account: (id) => note("account", id, dayOf(now())),
    visitor: (address, userAgent) => {
      const day = dayOf(now());
      const week = Math.floor((day + DAY_ZERO_IS_THURSDAY) / 7);
      const who = createHmac("sha256", key).update(`${week}\n${address}\n${userAgent}`).digest("base64url");
      note("visitor", who.slice(0, 22), day);
    },
    async flush() {
      const rows = fresh;
      fresh = [];
      if (rows.length === 0) return;
      await insertActivity(database.primary, rows).catch((error: unknown) => {
        log.warn({ err: error, rows: rows.length }, "activity could not be written yet");
        fresh = [...rows, ...fresh].slice(0, MOST);
      });
    },
  };
}

/** Flushes every few seconds; answers how to stop, which flushes once more. */
export function flushRegularly(activity: Activity): () => Promise<void> {
  const timer = setInterval(() => void activity.flush(), FLUSH_MS);
  return () => {
    clearInterval(timer);
    return activity.flush();
  };
}

function dayOf(ms: number): number {
  return Math.floor(ms / DAY_MS);
}
