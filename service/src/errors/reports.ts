import type pg from "pg";
import { type Occurrences, registerRelease, storeOccurrences } from "../data/error-groups.ts";
import type { Logger } from "../log.ts";
import type { Metrics } from "../metrics/metrics.ts";
import { currentRequestId, currentTrace } from "../telemetry.ts";
import { createFingerprinter } from "./fingerprint.ts";
import type { Problem } from "./problem.ts";

/** Milliseconds between two writes to the database: each is one statement for all that happened meanwhile. */
const FLUSH_MS = 2_000;
/** Groups that wait for the next write at most; more different errors than this at once are one incident. */
const MAX_WAITING = 200;

export interface ErrorReportOptions {
  pool: pg.Pool;
  log: Logger;
  metrics: Metrics;
  release: string;
  process: string;
}

/**
 * Remembers errors by group. Reporting only counts in memory, so it holds up no request and cannot fail one; while the
 * database is away the groups wait for it, and those that find no room are counted as dropped.
 */
export class ErrorReports {
  readonly #options: ErrorReportOptions;
  readonly #groupOf = createFingerprinter();
  #waiting = new Map<string, Occurrences>();
  #registered = false;
  #failing = false;
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();

  constructor(options: ErrorReportOptions) {
    this.#options = options;
  }

  /** From here on the database has the tables. */
  start(): void {
    this.#timer = setInterval(() => void this.flush(), FLUSH_MS);
    void this.flush();
  }

  report(problem: Problem): void {
    const { release, process } = this.#options;
    const group = this.#groupOf(problem);
    const now = new Date().toISOString();
    const trace = currentTrace();
    this.#add({
      ...group,
      count: 1,
      firstSeen: now,
      lastSeen: now,
      release,
      process,
      traceId: trace?.sampled ? trace.traceId : undefined,
      requestId: currentRequestId(),
    });
  }

  /** Writes what is waiting; resolves when it is stored or has been put back. */
  flush(): Promise<void> {
    this.#writing = this.#writing.then(() => this.#write());
    return this.#writing;
  }

  /** The last write. What even that cannot store is in the log. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.flush();
    for (const lost of this.#waiting.values()) {
      this.#drop(lost);
      this.#options.log.warn({ group: lost }, "an error group was not stored");
    }
    this.#waiting.clear();
  }

  #add(seen: Occurrences): void {
    const known = this.#waiting.get(seen.fingerprint);
    if (known) {
      known.count += seen.count;
      if (seen.firstSeen < known.firstSeen) known.firstSeen = seen.firstSeen;
      if (seen.lastSeen > known.lastSeen) known.lastSeen = seen.lastSeen;
      if (seen.traceId !== undefined || known.traceId === undefined) {
        known.traceId = seen.traceId;
        known.requestId = seen.requestId ?? known.requestId;
      }
    } else if (this.#waiting.size < MAX_WAITING) this.#waiting.set(seen.fingerprint, seen);
    else this.#drop(seen);
  }

  #drop({ class: kind, count }: Occurrences): void {
    this.#options.metrics.errorReport({ class: kind, outcome: "dropped" }, count);
  }

  async #write(): Promise<void> {
    const { pool, log, release } = this.#options;
    if (this.#registered && this.#waiting.size === 0) return;
    const batch = this.#waiting;
    this.#waiting = new Map();
    try {
      if (!this.#registered) await registerRelease(pool, release);
      this.#registered = true;
      if (batch.size > 0) this.#count(batch, await storeOccurrences(pool, [...batch.values()]));
      if (this.#failing) log.info("error groups are stored again");
      this.#failing = false;
    } catch (error) {
      for (const seen of batch.values()) this.#add(seen);
      // Once per outage: the error itself has its own line wherever it meets a request.
      if (!this.#failing) log.warn({ err: error }, "error groups cannot be stored: they wait");
      this.#failing = true;
    }
  }

  #count(batch: Map<string, Occurrences>, changes: Awaited<ReturnType<typeof storeOccurrences>>): void {
    const { metrics, log } = this.#options;
    for (const { class: kind, count } of batch.values()) metrics.errorReport({ class: kind, outcome: "stored" }, count);
    for (const { fingerprint, change } of changes) {
      if (change === "again") continue;
      metrics.errorGroup({ change });
      const { code, summary } = batch.get(fingerprint) as Occurrences;
      log.warn({ fingerprint, code, summary, change }, "an error group appeared");
    }
  }
}
