import type pg from "pg";
import { createBoss, sendDelivery } from "../src/data/queue/queue.ts";
import { insertRequest } from "../src/data/repositories/requests.ts";
import { createLogger } from "../src/observability/log.ts";

/** The SQL with which the service creates a request, to be run by a bare client. */
export interface CreateStatements {
  begin: string;
  insert: string;
  send: string;
  /** The job, as JSON with PLACEHOLDER where the request's id belongs. */
  job: string;
  commit: string;
}

const PLACEHOLDER = "00000000-0000-4000-8000-00000000beef";

/** Taken from the service itself: its own functions run against a client that only listens. */
export async function recordCreate(pool: pg.Pool): Promise<CreateStatements> {
  const log = createLogger({ process: "api", SERVICE_VERSION: "bench", LOG_LEVEL: "fatal" });
  const boss = createBoss(pool, log, { supervise: false });
  await boss.start();
  const said: [string, unknown[]][] = [];
  const listening = {
    query: async (text: string, values: unknown[]) => {
      said.push([text, values]);
      return { rows: [{ id: PLACEHOLDER, created_at: new Date() }], rowCount: 1 };
    },
  } as unknown as pg.PoolClient;
  const wish = { userId: "u", status: "pending", mediaType: "movie", tmdbId: 1, title: "t" } as const;
  await insertRequest(listening, wish);
  await sendDelivery(boss, listening, PLACEHOLDER);
  await boss.stop({ graceful: false });
  const [[insert = ""] = [], [send = "", [job] = []] = []] = said as [string, string[]][];
  return { begin: "BEGIN; SET LOCAL statement_timeout = 3000", insert, send, job: job ?? "", commit: "COMMIT" };
}

export function valuesFor({ job }: CreateStatements, requestId: string): string[] {
  return [job.replace(PLACEHOLDER, requestId)];
}
