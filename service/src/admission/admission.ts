import { randomUUID } from "node:crypto";
import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import { CATALOGUE } from "../errors/catalogue.ts";
import { Problem, problemDocument } from "../errors/problem.ts";
import type { Logger } from "../log.ts";
import type { Metrics } from "../metrics/metrics.ts";
import { ADMISSION_IN_FLIGHT, ADMISSION_LIMIT } from "../metrics/names.ts";
import { SIGNATURE_HEADER } from "../payments/signature.ts";
import { Limiter, WINDOW_MS } from "./limiter.ts";
import { PRIORITIES, type Priority, priorityOf } from "./priorities.ts";

/** Between two looks at how late the event loop is. */
const PROBE_MS = 10;
/** Those refused together must not come back together. */
const RETRY_SECONDS = { least: 1, most: 4 } as const;
const REPORT_MS = 1_000;

export interface Admission {
  /** Puts the limit before a handler. What it refuses costs a small part of what it lets in. */
  guard(handler: RequestListener): RequestListener;
  stop(): void;
}

/**
 * Refuses what this process cannot do in time before it spends anything on it: a request that waits longer than its
 * caller does is work for nobody. The measure is how late the event loop comes to what is due, which is just what a
 * request waits before it is read.
 */
export function createAdmission({ log, metrics }: { log: Logger; metrics: Metrics }): Admission {
  const limiter = new Limiter();
  const refused = new Map<Priority, number>();
  const stopProbe = probe((waitMs) => limiter.adjust(waitMs));
  const report = () => reportRefused(refused, { log, metrics }, limiter);
  const reporting = setInterval(report, REPORT_MS).unref();

  metrics.gauge(ADMISSION_LIMIT, "Requests that may be at work at once; it follows how long requests wait.", (set) =>
    set({}, limiter.limit),
  );
  metrics.gauge(ADMISSION_IN_FLIGHT, "Requests at work, by priority.", (set) => {
    for (const priority of PRIORITIES) set({ priority }, limiter.inFlightOf(priority));
  });

  return {
    guard: (handler) => (req, res) => {
      const { method = "", url = "", headers } = req;
      const priority = priorityOf(method, url, headers.authorization !== undefined, SIGNATURE in headers);
      if (limiter.enter(priority)) {
        res.on("close", () => limiter.leave(priority));
        return handler(req, res);
      }
      refused.set(priority, (refused.get(priority) ?? 0) + 1);
      refuse(req, res);
    },
    stop() {
      stopProbe();
      clearInterval(reporting);
      report();
    },
  };
}

/** Calls back at the end of each window with the mean lateness in it: one long pause is no overload, a steady one is. */
function probe(onWindow: (waitMs: number) => void): () => void {
  let due = performance.now() + PROBE_MS;
  let windowEnd = performance.now() + WINDOW_MS;
  let lateMs = 0;
  let looks = 0;
  const timer = setInterval(() => {
    const now = performance.now();
    lateMs += Math.max(0, now - due);
    looks += 1;
    due = now + PROBE_MS;
    if (now < windowEnd) return;
    onWindow(lateMs / looks);
    lateMs = 0;
    looks = 0;
    windowEnd = now + WINDOW_MS;
  }, PROBE_MS).unref();
  return () => clearInterval(timer);
}

const SIGNATURE = SIGNATURE_HEADER.toLowerCase();
const { class: kind, layer, source } = CATALOGUE.overloaded;
const LABELS = { code: "overloaded", class: kind, layer, source } as const;
const OVERLOADED = new Problem("overloaded");
/** All of the document but what differs from one request to the next. */
const [BEFORE_PATH = "", BETWEEN = "", AFTER_ID = ""] = JSON.stringify(
  problemDocument(OVERLOADED, { instance: "\u0001", requestId: "\u0001" }),
).split('"\\u0001"');

/** By hand, not by Express: it must be cheap. It leaves the same document as any other problem. */
function refuse(req: IncomingMessage, res: ServerResponse): void {
  const given = req.headers["x-request-id"];
  const requestId = typeof given === "string" && /^[A-Za-z0-9._-]{8,128}$/.test(given) ? given : randomUUID();
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
  limiter: Limiter,
): void {
  if (refused.size === 0) return;
  for (const [priority, count] of refused) {
    metrics.shed({ priority }, count);
    metrics.error(LABELS, count);
  }
  const { limit, inFlight } = limiter;
  log.warn({ ...LABELS, refused: Object.fromEntries(refused), limit, inFlight }, "requests refused: overloaded");
  refused.clear();
}
