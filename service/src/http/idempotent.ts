import type { Database, Transact } from "../data/postgres/database.ts";
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

/**
 * Gives a use case its transaction. With an Idempotency-Key, the reply that `present` makes of the result commits with the
 * effect, or not at all.
 */
export type UnitOfWork = <R>(present: (result: R) => Reply) => Transact<R>;

export interface IdempotentDeps {
  database: Database;
  metrics: Metrics;
}

const KEY = /^[\x21-\x7e]{1,255}$/;
const REPLAYED = { "Idempotent-Replayed": "true" };

export function parseKey(header: string): string {
  if (!KEY.test(header)) throw new Problem("idempotency-key-invalid");
  return header;
}

/** The reply that this call got before, if any. Does no work and takes no claim. */
export async function repliedBefore(
  { database, metrics }: IdempotentDeps,
  owner: KeyOwner,
  body: Buffer,
): Promise<Reply | undefined> {
  const reply = await findReply(database.primary, owner, body);
  if (!reply) return undefined;
  metrics.idempotency({ outcome: "replayed" });
  return replayed(reply);
}

function replayed(reply: Reply): Reply {
  return { ...reply, headers: { ...reply.headers, ...REPLAYED } };
}

/** The unit of work of a call without an Idempotency-Key: a plain transaction. */
export function plainUnit(database: Database): UnitOfWork {
  return () => database.transaction;
}

/**
 * Does the work once per key. Replies that the caller has to correct (a conflict, an unknown title) are stored like
 * successes. After an error of the service, or one that passes with time, the key is released, since nothing was done.
 */
export async function once(
  { database, metrics }: IdempotentDeps,
  owner: KeyOwner,
  body: Buffer,
  work: (unitOfWork: UnitOfWork) => Promise<Reply>,
  replyOf: (problem: Problem) => Reply,
): Promise<Reply> {
  const claimed = await claimKey(database.primary, owner, body);
  metrics.idempotency({ outcome: claimed.outcome });
  if (claimed.outcome === "in-flight") throw inFlight();
  if (claimed.outcome === "other-body") throw new Problem("idempotency-key-reused");
  if (claimed.outcome === "replayed") return replayed(claimed.reply);
  const { claim } = claimed;
  let stored = false;
  const unitOfWork: UnitOfWork = (present) => (name, run) =>
    database.transaction(name, async (client) => {
      const result = await run(client);
      await keepReply(client, claim, present(result));
      stored = true;
      return result;
    });
  try {
    const reply = await work(unitOfWork);
    if (!stored) await keepReply(database.primary, claim, reply);
    return reply;
  } catch (error) {
    const problem = toProblem(error);
    const passes = CATALOGUE[problem.code].class === "system" || "Retry-After" in problem.headers;
    // If this fails too, the claim expires by itself.
    const settle = passes ? releaseKey(database.primary, claim) : keepReply(database.primary, claim, replyOf(problem));
    await settle.catch(() => {});
    throw problem;
  }
}
