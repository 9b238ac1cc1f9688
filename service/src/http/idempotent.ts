import type pg from "pg";
import {
  claimKey,
  findReply,
  inFlight,
  type KeyOwner,
  keepReply,
  releaseKey,
} from "../data/repositories/idempotency.ts";
import { CATALOGUE } from "../errors/catalogue.ts";
import { Problem, toProblem } from "../errors/problem.ts";
import type { Metrics } from "../observability/metrics/metrics.ts";
import type { Reply } from "./reply.ts";

/** Puts the answer into the transaction of the effect. */
export type Commit = (client: pg.ClientBase, reply: Reply) => Promise<void>;

export interface IdempotentDeps {
  pool: pg.Pool;
  metrics: Metrics;
}

const KEY = /^[\x21-\x7e]{1,255}$/;
const REPLAYED = { "Idempotent-Replayed": "true" };

export function parseKey(header: string): string {
  if (!KEY.test(header)) throw new Problem("idempotency-key-invalid");
  return header;
}

/** The answer that this very call was given, if it was; nothing is done for it. */
export async function answeredBefore(
  { pool, metrics }: IdempotentDeps,
  owner: KeyOwner,
  body: Buffer,
): Promise<Reply | undefined> {
  const reply = await findReply(pool, owner, body);
  if (!reply) return undefined;
  metrics.idempotency({ outcome: "replayed" });
  return replayed(reply);
}

function replayed(reply: Reply): Reply {
  return { ...reply, headers: { ...reply.headers, ...REPLAYED } };
}

/**
 * Does the work once per key. Answers that are the caller's to mend (a conflict, an unknown title) are kept like
 * successes; after an error of ours, or one that passes with time, the key is free again, since nothing was done.
 */
export async function once(
  { pool, metrics }: IdempotentDeps,
  owner: KeyOwner,
  body: Buffer,
  work: (commit: Commit) => Promise<Reply>,
  replyOf: (problem: Problem) => Reply,
): Promise<Reply> {
  const claimed = await claimKey(pool, owner, body);
  metrics.idempotency({ outcome: claimed.outcome });
  if (claimed.outcome === "in-flight") throw inFlight();
  if (claimed.outcome === "other-body") throw new Problem("idempotency-key-reused");
  if (claimed.outcome === "replayed") return replayed(claimed.reply);

  const { claim } = claimed;
  let committed = false;
  try {
    const reply = await work(async (client, early) => {
      await keepReply(client, claim, early);
      committed = true;
    });
    if (!committed) await keepReply(pool, claim, reply);
    return reply;
  } catch (error) {
    const problem = toProblem(error);
    const passes = CATALOGUE[problem.code].class === "system" || "Retry-After" in problem.headers;
    // If not even this is possible, the claim runs out by itself.
    await (passes ? releaseKey(pool, claim) : keepReply(pool, claim, replyOf(problem))).catch(() => {});
    throw problem;
  }
}
