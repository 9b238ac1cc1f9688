import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import { CATALOGUE } from "../../errors/catalogue.ts";
import { Problem, problemDocument } from "../../errors/problem.ts";
import type { Logger } from "../../observability/log.ts";
import type { Metrics } from "../../observability/metrics/metrics.ts";
import { ADMISSION_IN_FLIGHT, ADMISSION_LIMIT } from "../../observability/metrics/names.ts";
import { requestIdOf } from "../../observability/request-id.ts";
import type { WatchEventLoopDelay } from "../event-loop-delay.ts";
import { Limiter, WINDOW_MS } from "./limiter.ts";
import { PRIORITIES, type Priority, SHARES } from "./priorities.ts";
import { BOUNDS, type Demand, type Resource } from "./resources.ts";

/** Those refused together must not come back together. */
const RETRY_SECONDS = { least: 1, most: 4 } as const;
const REPORT_MS = 1_000;

export interface Admission {
  /** Puts the limit before a handler. What it refuses costs a small part of what it lets in. */
  admit(handler: RequestListener): RequestListener;
  stop(): void;
}

export interface AdmissionDeps {
  log: Logger;
  metrics: Metrics;
  /** Mean milliseconds that callers waited for a connection since this was asked last; undefined while all still wait. */
  poolWaitMs(pool: "primary" | "replica"): number | undefined;
  watchEventLoopDelay: WatchEventLoopDelay;
  /** Reads priority and needs from the head of a request. */
  demandOf(req: IncomingMessage): Demand;
}

/**
 * Refuses what this process cannot do in time before it spends anything on it: a request that waits longer than its
 * caller does is wasted work. It waits for the event loop, or for a connection to PostgreSQL. The event-loop delay is
 * what a request waits before it is read.
 */
export function createAdmission({ log, metrics, poolWaitMs, watchEventLoopDelay, demandOf }: AdmissionDeps): Admission {
  const limiters: Record<Resource, Limiter> = {
    process: new Limiter(BOUNDS.process),
    primary: new Limiter(BOUNDS.primary),
    replica: new Limiter(BOUNDS.replica),
  };
  const inFlight = Object.fromEntries(PRIORITIES.map((name) => [name, 0])) as Record<Priority, number>;
  const refused = new Map<Priority, number>();
  const stopProbe = probe(watchEventLoopDelay, (delayMs) => {
    limiters.process.adjust(delayMs);
    for (const pool of ["primary", "replica"] as const) {
      const waitMs = poolWaitMs(pool);
      if (waitMs !== undefined) limiters[pool].adjust(waitMs);
    }
  });
  const report = () => reportRefused(refused, { log, metrics }, limiters);
  const reporting = setInterval(report, REPORT_MS).unref();
  watch(metrics, limiters, inFlight);

  return {
    admit: (handler) => (req, res) => {
      const { priority, needed } = demandOf(req);
      if (!limiters.process.hasRoom(SHARES[priority]) || (needed && !limiters[needed].hasRoom(1))) {
        refused.set(priority, (refused.get(priority) ?? 0) + 1);
        return refuse(req, res);
      }
      const entered = needed ? [limiters.process, limiters[needed]] : [limiters.process];
      for (const limiter of entered) limiter.enter();
      inFlight[priority] += 1;
      res.on("close", () => {
        for (const limiter of entered) limiter.leave();
        inFlight[priority] -= 1;
      });
      handler(req, res);
    },
    stop() {
      stopProbe();
      clearInterval(reporting);
      report();
    },
  };
}

function watch(metrics: Metrics, limiters: Record<Resource, Limiter>, inFlight: Record<Priority, number>): void {
  metrics.gauge(
    ADMISSION_LIMIT,
    "Requests that may be at work at once, by what they wait for; it follows how long they do.",
    (set) => {
      for (const [resource, { limit }] of Object.entries(limiters)) set({ resource }, limit);
    },
  );
  metrics.gauge(ADMISSION_IN_FLIGHT, "Requests at work, by priority.", (set) => {
    for (const [priority, count] of Object.entries(inFlight)) set({ priority }, count);
  });
}

/** Calls back at the end of each window with its mean delay: one long pause is no overload, a steady delay is. */
function probe(watchEventLoopDelay: WatchEventLoopDelay, onWindow: (waitMs: number) => void): () => void {
  let windowEnd = performance.now() + WINDOW_MS;
  let sumMs = 0;
  let looks = 0;
  return watchEventLoopDelay((delayMs) => {
    sumMs += delayMs;
    looks += 1;
    const now = performance.now();
    if (now < windowEnd) return;
    onWindow(sumMs / looks);
    sumMs = 0;
    looks = 0;
    windowEnd = now + WINDOW_MS;
  });
}

const { class: kind, layer, source } = CATALOGUE.overloaded;
const LABELS = { code: "overloaded", class: kind, layer, source } as const;
const OVERLOADED = new Problem("overloaded");
/** All of the document but what differs from one request to the next. */
const [BEFORE_PATH = "", BETWEEN = "", AFTER_ID = ""] = JSON.stringify(
  problemDocument(OVERLOADED, { instance: "\u0001", requestId: "\u0001" }),
).split('"\\u0001"');

/** By hand, not by Express: it must be cheap. It leaves the same document as any other problem. */
function refuse(req: IncomingMessage, res: ServerResponse): void {
  const requestId = requestIdOf(req.headers);
  const instance = (req.url ?? "").split("?", 1)[0] ?? "";
  const body = `${BEFORE_PATH}${JSON.stringify(instance)}${BETWEEN}"${requestId}"${AFTER_ID}`;
  const seconds = RETRY_SECONDS.least + Math.floor(Math.random() * (RETRY_SECONDS.most - RETRY_SECONDS.least + 1));
  res.writeHead(CATALOGUE.overloaded.status, {
    "Content-Type": "application/problem+json; charset=utf-8",
    "Content-Length": Buffer.byteLength(body),
    "Cache-Control": "no-store",
    "Retry-After": seconds,
    "X-Request-Id": requestId,
  });
  res.end(body);
}

/** One line and one count a second, not one per request: saying that there is too much to do must not be part of it. */
function reportRefused(
  refused: Map<Priority, number>,
  { log, metrics }: { log: Logger; metrics: Metrics },
  limiters: Record<Resource, Limiter>,
): void {
  if (refused.size === 0) return;
  for (const [priority, count] of refused) {
    metrics.shed({ priority }, count);
    metrics.error(LABELS, count);
  }
  const state = Object.entries(limiters).map(([resource, { limit, inFlight }]) => [resource, { limit, inFlight }]);
  log.warn(
    { ...LABELS, refused: Object.fromEntries(refused), ...Object.fromEntries(state) },
    "requests refused: overloaded",
  );
  refused.clear();
}
