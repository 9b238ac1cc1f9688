import type pg from "pg";
import { type Db, PgBoss, type UpdateQueueOptions } from "pg-boss";
import type { Logger } from "../../observability/log.ts";
import { carryTrace, currentRequestId, type TraceCarrier } from "../../observability/tracing.ts";
import { execute } from "../postgres/database.ts";

/** Each job sets one approved request to work. */
export const DELIVERY_QUEUE = "deliver-request";
/** Each job is one look at how a download goes, and sends the next. */
export const FOLLOW_QUEUE = "follow-download";
/** Each job takes one cancelled request back at Overseerr. */
export const WITHDRAWAL_QUEUE = "withdraw-request";
/** Each job is one of the others that was given up after its last try, with the same data. */
export const GIVE_UP_QUEUE = "give-up-request";

/** How a queue treats its jobs; the migration writes it to the database. */
const PATIENT: UpdateQueueOptions = {
  // A worker that died stops touching its job and another takes it over; 10 s is the least that pg-boss allows.
  heartbeatSeconds: 10,
  expireInSeconds: 300,
  retryLimit: 8,
  retryDelay: 1,
  retryBackoff: true,
  retryDelayMax: 60,
};
// The statement that fails a job for good also sends it to this queue, whichever process runs it: the worker may be gone.
const DELIVERY_OPTIONS: UpdateQueueOptions = { ...PATIENT, deadLetter: GIVE_UP_QUEUE };

/** What all jobs are about, so that a person finds all jobs of a request. */
export interface DeliveryJob {
  requestId: string;
  /** Request id of the HTTP request that asked for it: one id from the gateway's log to the worker's. */
  correlationId: string | undefined;
  trace: TraceCarrier;
}

export interface FollowJob extends DeliveryJob {
  downloadId: string;
  /** Which look it is. */
  tick: number;
}

/**
 * Every queue with its options, first the one that others name. A download that takes hours has hundreds of looks: they
 * are not kept for a week. A withdrawal is not asked for again by its user: it is tried once a minute for the two weeks
 * that a job is kept.
 */
export const QUEUES: Record<string, UpdateQueueOptions> = {
  [GIVE_UP_QUEUE]: { expireInSeconds: 60, retryLimit: 100, retryDelay: 30 },
  [DELIVERY_QUEUE]: DELIVERY_OPTIONS,
  [FOLLOW_QUEUE]: { ...DELIVERY_OPTIONS, deleteAfterSeconds: 3_600 },
  [WITHDRAWAL_QUEUE]: { ...PATIENT, retryLimit: 20_160 },
};

/**
 * pg-boss over our own pool. It needs no session: its locks are transaction-scoped, each multi-statement call is one
 * message, and LISTEN stays off (workers poll). The schema is made by our migration, never by a running process.
 */
export function createBoss(pool: pg.Pool, log: Logger, { supervise }: { supervise: boolean }): PgBoss {
  const boss = new PgBoss({
    db: { executeSql: (text, values) => execute(pool, "job queue", text, values as unknown[]) },
    migrate: false,
    createSchema: false,
    schedule: false,
    supervise,
    superviseIntervalSeconds: 5,
    monitorIntervalSeconds: 5,
  });
  boss.on("error", (error) => log.warn({ err: error }, "the job queue reported an error"));
  boss.on("warning", (warning) => log.warn({ warning }, "the job queue reported a warning"));
  return boss;
}

/** Puts the delivery job into the caller's transaction: request and job commit together or not at all. */
export function sendDelivery(boss: PgBoss, client: pg.PoolClient, requestId: string): Promise<void> {
  return sendAbout(DELIVERY_QUEUE, boss, client, requestId);
}

/** The same of a withdrawal. */
export function sendWithdrawal(boss: PgBoss, client: pg.PoolClient, requestId: string): Promise<void> {
  return sendAbout(WITHDRAWAL_QUEUE, boss, client, requestId);
}

async function sendAbout(queue: string, boss: PgBoss, client: pg.PoolClient, requestId: string): Promise<void> {
  const job: DeliveryJob = { requestId, correlationId: currentRequestId(), trace: carryTrace() };
  await boss.send(queue, job, { db: executor(client) });
}

/** Puts the next look at a download into the caller's transaction; it is due after the pause (milliseconds). */
export async function sendFollow(
  boss: PgBoss,
  client: pg.PoolClient,
  about: Pick<FollowJob, "requestId" | "downloadId" | "tick">,
  pauseMs: number,
): Promise<void> {
  const job: FollowJob = { ...about, correlationId: currentRequestId(), trace: carryTrace() };
  await boss.send(FOLLOW_QUEUE, job, { db: executor(client), startAfter: new Date(Date.now() + pauseMs) });
}

export function executor(client: Pick<pg.ClientBase, "query">): Db {
  return { executeSql: (text, values) => client.query(text, values as unknown[]) };
}
