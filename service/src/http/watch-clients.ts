import type { Request, Response } from "express";
import { byAddress } from "../auth/callers.ts";
import { fingerprint } from "../data/redis/rate-limit.ts";
import { may } from "../model/roles.ts";
import type { Logger } from "../observability/log.ts";
import type { Metrics } from "../observability/metrics/metrics.ts";
import { identityOf } from "./auth-middleware.ts";

/** Calls of one client in a minute, in this process, from which on it is counted as suspicious. */
export const SUSPICIOUS_PER_MINUTE = { errors: 60, "bulk-read": 100 } as const;

type Pattern = keyof typeof SUSPICIOUS_PER_MINUTE;

/** Beyond it, clients that are new in this minute are not counted: memory must not grow with the number of addresses. */
const MOST_CLIENTS = 10_000;
const MINUTE_MS = 60_000;

/**
 * Counts what each client does within a minute, and reports a client once a minute: in the metric by its pattern, in the log
 * by its fingerprint. Each process counts what it answers itself.
 */
export function watchClients(log: Logger, metrics: Metrics, now = Date.now) {
  const counts = new Map<string, number>();
  let minute = 0;
  return (req: Request, res: Response, status: number, route: string): void => {
    const pattern = patternOf(req, res, status);
    if (pattern === undefined) return;
    const current = Math.floor(now() / MINUTE_MS);
    if (current !== minute) counts.clear();
    minute = current;
    const client = identityOf.get(res)?.limitKey ?? byAddress(req.ip);
    const key = `${pattern} ${client}`;
    const count = (counts.get(key) ?? 0) + 1;
    if (count > 1 || counts.size < MOST_CLIENTS) counts.set(key, count);
    if (count !== SUSPICIOUS_PER_MINUTE[pattern]) return;
    metrics.suspiciousClient({ pattern });
    log.warn({ client: fingerprint(client), pattern, route, status, calls: count }, "suspicious client");
  };
}

/** What a call counts as; most count as nothing. A client that left (499) was not refused. */
function patternOf(req: Request, res: Response, status: number): Pattern | undefined {
  if (status >= 400 && status < 499) return "errors";
  if (req.method !== "GET" || status !== 200) return undefined;
  const identity = identityOf.get(res);
  return identity && may(identity, "requests:read-all") ? "bulk-read" : undefined;
}
