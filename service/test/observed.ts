import type { SpanProcessor } from "@opentelemetry/sdk-trace";
import type { Running } from "../src/process/lifecycle.ts";
import { call } from "./calls.ts";
import { eventually, type Platform, readableLog, startPlatform } from "./platform.ts";

/** An api and a worker whose log lines, metrics and, with processors, spans a test reads. */
export interface Observed {
  platform: Platform;
  api: Running;
  worker: Running;
  /** Log lines of the api. */
  lines: Record<string, unknown>[];
  /** A body that creates a request; each has a title of its own. */
  wish(): { mediaType: "movie"; tmdbId: number };
  read(id: string): ReturnType<typeof call>;
  /** Waits until a request is available. */
  delivered(id: string): Promise<void>;
  /** The text of /metrics. @param accept the wanted format. @default text/plain */
  scrape(process: Running, accept?: string): Promise<string>;
}

export async function startObserved(processors: SpanProcessor[] = []): Promise<Observed> {
  const { log, lines } = readableLog("api");
  const platform = await startPlatform(processors);
  const api = await platform.api({}, { log });
  const worker = await platform.worker();
  const read = (id: string) => call(api.httpPort, `/api/v1/requests/${id}`);
  let nextId = 90_000;
  return {
    platform,
    api,
    worker,
    lines,
    wish: () => ({ mediaType: "movie", tmdbId: ++nextId }),
    read,
    delivered: (id) => eventually(async () => expect((await read(id)).body.status).toBe("available")),
    scrape: async (process, accept = "text/plain") =>
      (await call(process.adminPort, "/metrics", { headers: { accept } })).body as string,
  };
}
