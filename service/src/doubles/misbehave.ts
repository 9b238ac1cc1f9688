import { setTimeout as sleep } from "node:timers/promises";
import type { RequestHandler, Response } from "express";
import type { Faults } from "./faults.ts";

/** Answers with an error as the doubled service words it. */
export type Fail = (res: Response, status: number) => void;

export function misbehave(faults: Faults, fail: Fail): RequestHandler {
  return async (_req, res, next) => {
    const { latencyMs, failWith, garbage } = faults.next();
    if (latencyMs > 0) await delay(latencyMs, res);
    if (failWith !== undefined) fail(res, failWith);
    else if (garbage) res.type("application/json").send('{"title": "The Ma');
    else next();
  };
}

/** Waits, but not for a caller who has left. */
async function delay(ms: number, res: Response): Promise<void> {
  const left = new AbortController();
  res.once("close", () => left.abort());
  await sleep(ms, undefined, { signal: left.signal }).catch(() => {});
}

/** Takes any credential in the header, but not none. */
export function requireHeader(name: string, fail: Fail): RequestHandler {
  return (req, res, next) => {
    if (req.get(name)) next();
    else fail(res, 401);
  };
}
