import type { Logger } from "../observability/log.ts";
import type { Metrics } from "../observability/metrics/metrics.ts";
import { currentRequestId, currentTrace } from "../observability/tracing.ts";
import { createFingerprinter, type ErrorGroup } from "./fingerprint.ts";
import type { Problem } from "./problem.ts";

/** Milliseconds between two writes to the database: each is one statement for all that happened meanwhile. */
const FLUSH_MS = 2_000;
/** Groups that wait for the next write at most; more different errors than this at once are one incident. */
const MAX_WAITING = 200;

/** Occurrences of one group, since they were last stored. */
export interface Occurrences extends ErrorGroup {
  count: number;
  firstSeen: string;
  lastSeen: string;
  release: string;
  process: string;
  /** Only of a trace that was kept. */
  traceId?: string | undefined;
  requestId?: string | undefined;
}

/** What storing made of a group. */
export interface GroupChange {
  fingerprint: string;
  change: "new" | "regressed" | "again";
}

/** Where groups are stored. */
export interface GroupStore {
  /** Records that a release runs. The first record decides which release is newer than another. */
  registerRelease(release: string): Promise<void>;
  store(occurrences: Occurrences[]): Promise<GroupChange[]>;
}

/** data_exception, integrity_constraint_violation, program_limit_exceeded: what was sent is at fault, and will be again. */
const isRefusal = (error: unknown) => /^(22|23|54)...$/.test((error as { code?: string }).code ?? "");

export interface ErrorReportOptions {
  store: GroupStore;
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
    const { store, log, release } = this.#options;
    if (this.#registered && this.#waiting.size === 0) return;
    const batch = this.#waiting;
    this.#waiting = new Map();
    try {
      if (!this.#registered) await store.registerRelease(release);
      this.#registered = true;
      await this.#store(batch, [...batch.values()]);
      if (this.#failing) log.info("error groups are stored again");
      this.#failing = false;
    } catch (error) {
      for (const seen of batch.values()) this.#add(seen);
      // Once per outage: the error itself has its own line wherever it meets a request.
      if (!this.#failing) log.warn({ err: error }, "error groups cannot be stored: they wait");
      this.#failing = true;
    }
  }

  /** Takes what is settled out of the batch. One group that the database refuses must not cost the others. */
  async #store(batch: Map<string, Occurrences>, groups: Occurrences[]): Promise<void> {
    if (groups.length === 0) return;
    try {
      this.#count(batch, groups, await this.#options.store.store(groups));
    } catch (error) {
      if (!isRefusal(error)) throw error;
      if (groups.length > 1) for (const group of groups) await this.#store(batch, [group]);
      else this.#refused(groups[0] as Occurrences, error);
    }
    for (const { fingerprint } of groups) batch.delete(fingerprint);
  }

  #refused(group: Occurrences, error: unknown): void {
    this.#drop(group);
    this.#options.log.error({ err: error, group }, "an error group was refused by the database");
  }

  #count(batch: Map<string, Occurrences>, groups: Occurrences[], changes: GroupChange[]): void {
    const { metrics, log } = this.#options;
    for (const { class: kind, count } of groups) metrics.errorReport({ class: kind, outcome: "stored" }, count);
    for (const { fingerprint, change } of changes) {
      if (change === "again") continue;
      metrics.errorGroup({ change });
      const { code, summary } = batch.get(fingerprint) as Occurrences;
      log.warn({ fingerprint, code, summary, change }, "an error group appeared");
    }
  }
}
