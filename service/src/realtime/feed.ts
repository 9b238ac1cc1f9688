import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import type { Redis } from "ioredis";
import { UPDATES, type Update, type UpdateName } from "../domain/published-events.ts";
import type { Logger } from "../observability/log.ts";
import type { Metrics } from "../observability/metrics/metrics.ts";
import { createOutage, type Outage } from "../observability/outage.ts";
import { STREAM, STREAM_LENGTH } from "./publisher.ts";

/** How long Redis may keep a read open that finds nothing. */
export const BLOCK_MS = 2_000;
const BATCH = 500;
const RETRY_MS = 250;
/** A connection that was only just begun is not a failure yet. */
const CONNECT_MS = 2_000;

/** An entry of the stream; without an update it only marks a place. */
export interface Entry {
  /** Redis' id of it: greater than that of every entry before. */
  id: string;
  update: Update | undefined;
  /** W3C `traceparent` of its publication, where that trace is kept. */
  trace?: string | undefined;
}

export interface FeedEvents {
  /** An entry was added; each comes once, in their order. */
  entry(entry: Entry): void;
  /** The stream lost entries that were read before: what a client has missed is not known any more. */
  broken(): void;
}

/**
 * The stream of live updates as one process sees it: all entries once and in order, the newest of them in memory. That
 * makes going on after a client's last event one look into an array, without a wait in which an entry could be lost
 * or published twice.
 */
export class Feed {
  readonly #redis: Redis;
  readonly #log: Logger;
  readonly #outage: Outage;
  readonly #events: FeedEvents;
  readonly #stopping = new AbortController();
  #entries: Entry[] = [];
  #running: Promise<void> | undefined;

  constructor(redis: Redis, { log, metrics }: { log: Logger; metrics: Metrics }, events: FeedEvents) {
    this.#redis = redis;
    this.#log = log;
    this.#outage = createOutage(log, {}, "the updates cannot be read", "the updates can be read again", () =>
      metrics.backgroundFailure({ task: "feed" }),
    );
    this.#events = events;
  }

  /** Id of the last entry that was read; undefined until the stream was read for the first time. */
  get position(): string | undefined {
    return this.#entries.at(-1)?.id;
  }

  /** The entries after the one with this id; undefined where that one is not known (any more). */
  after(id: string): Entry[] | undefined {
    const index = findEntry(this.#entries, id);
    return index === undefined ? undefined : this.#entries.slice(index + 1);
  }

  start(): void {
    this.#running ??= this.#run();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#redis.disconnect();
    await this.#running;
  }

  async #run(): Promise<void> {
    await this.#connected();
    let sure = false;
    while (!this.#stopping.signal.aborted) {
      try {
        if (!sure) await this.#resume();
        sure = true;
        this.#take(await this.#read());
        this.#outage.over();
      } catch (error) {
        // Entries that were lost meanwhile are looked for before another one is published.
        sure = false;
        // At the end the connection is taken away.
        if (!this.#stopping.signal.aborted) this.#outage.failed(error);
        await sleep(RETRY_MS, undefined, { signal: this.#stopping.signal }).catch(() => {});
      }
    }
  }

  /** Returns also where it fails: the next read reports the reason. */
  async #connected(): Promise<void> {
    if (this.#redis.status === "ready") return;
    const signal = AbortSignal.any([this.#stopping.signal, AbortSignal.timeout(CONNECT_MS)]);
    await once(this.#redis, "ready", { signal }).catch(() => {});
  }

  /** Goes on where it was; begins anew where that place is gone (a Redis without its data, a replica that lagged). */
  async #resume(): Promise<void> {
    const { position } = this;
    if (position && (await this.#redis.xrange(STREAM, position, position)).length > 0) return;
    let newest = await this.#redis.xrevrange(STREAM, "+", "-", "COUNT", STREAM_LENGTH);
    // A place to go on from must be there before the first update is.
    if (newest.length === 0) await this.#redis.xadd(STREAM, "*", "name", "");
    if (newest.length === 0) newest = await this.#redis.xrevrange(STREAM, "+", "-", "COUNT", STREAM_LENGTH);
    this.#entries = newest.reverse().map(parse);
    if (!position) return;
    this.#log.warn("the stream of updates has lost entries: clients have to read their lists again");
    this.#events.broken();
  }

  async #read(): Promise<[string, string[]][]> {
    const from = this.position ?? "0";
    const streams = await this.#redis.xread("COUNT", BATCH, "BLOCK", BLOCK_MS, "STREAMS", STREAM, from);
    return streams?.[0]?.[1] ?? [];
  }

  #take(batch: [string, string[]][]): void {
    for (const raw of batch) {
      const entry = parse(raw);
      this.#entries.push(entry);
      this.#events.entry(entry);
    }
    // Rarely and many at once: to move an array for each entry would cost more than the entries.
    if (this.#entries.length > STREAM_LENGTH * 1.2) this.#entries = this.#entries.slice(-STREAM_LENGTH);
  }
}

function findEntry(entries: Entry[], id: string): number | undefined {
  let [low, high] = [0, entries.length - 1];
  while (low <= high) {
    const middle = (low + high) >> 1;
    const order = compareIds((entries[middle] as Entry).id, id);
    if (order === 0) return middle;
    if (order < 0) low = middle + 1;
    else high = middle - 1;
  }
  return undefined;
}

/** Ids are `milliseconds-sequence`. */
export function compareIds(left: string, right: string): number {
  const [leftMs = "", leftSeq = ""] = left.split("-");
  const [rightMs = "", rightSeq = ""] = right.split("-");
  return Number(leftMs) - Number(rightMs) || Number(leftSeq) - Number(rightSeq);
}

/** An entry that this version does not know (a newer one wrote it) or cannot parse only marks its place. */
function parse([id, fields]: [string, string[]]): Entry {
  const [, name = "", , userId = "", , payload = "", , trace] = fields;
  try {
    return { id, update: isUpdateName(name) ? { name, userId, payload: JSON.parse(payload) } : undefined, trace };
  } catch {
    return { id, update: undefined };
  }
}

function isUpdateName(name: string): name is UpdateName {
  return Object.hasOwn(UPDATES, name);
}
