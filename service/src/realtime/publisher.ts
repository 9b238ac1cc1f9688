import { type Span, SpanKind } from "@opentelemetry/api";
import type { Redis } from "ioredis";
import { downloadUpdate, type EventPublisher, requestUpdate, type Update } from "../domain/published-events.ts";
import type { Logger } from "../observability/log.ts";
import type { Metrics } from "../observability/metrics/metrics.ts";
import { inSpan, markFailed } from "../observability/tracing.ts";
import type { Policy } from "../resilience/policy.ts";
import { keptTrace } from "./tracing.ts";

/** The stream of live updates in the state Redis. */
export const STREAM = "updates";
/**
 * Entries kept, by Redis and by every api process. A client that was away finds what it missed as long as there were
 * fewer updates since: with 50 of them a second this lasts over three minutes, and costs each process about 5 MB.
 */
export const STREAM_LENGTH = 10_000;
/** How long the newest published version of an id is known; longer than a sweep ever looks back. */
const VERSION_SECONDS = 3_600;

/**
 * Adds an update unless that version or a newer one was published before. So an update may be published again in doubt,
 * and of two processes that publish at once the older state is never published after the newer.
 */
const PUBLISH = `
local known = tonumber(redis.call("GET", KEYS[2]) or "0")
if tonumber(ARGV[1]) <= known then return false end
redis.call("SET", KEYS[2], ARGV[1], "EX", ARGV[2])
return redis.call("XADD", KEYS[1], "MAXLEN", "~", ARGV[3], "*", unpack(ARGV, 4))`;

export type Outcome = "published" | "superseded" | "failed";

/** Publishes changes to every api process after their commit. Never throws; callers need not wait. */
export interface Publisher extends EventPublisher {
  /** The same, with its outcome. */
  publish(update: Update): Promise<Outcome>;
  /** Which of these were not published in their version yet; throws where Redis cannot say. */
  unpublished(updates: Update[]): Promise<Update[]>;
  /** Resolves when nothing is under way any more. */
  settled(): Promise<void>;
}

export function createPublisher(redis: Redis, policy: Policy, log: Logger, metrics: Metrics): Publisher {
  const underWay = new Set<Promise<Outcome>>();

  const send = async (update: Update, span: Span): Promise<Outcome> => {
    const limits = [update.payload.version, VERSION_SECONDS, STREAM_LENGTH] as const;
    const entry = fieldsOf(update, keptTrace());
    try {
      const id = await policy.once(() => redis.eval(PUBLISH, 2, STREAM, versionKey(update), ...limits, ...entry));
      return id === null ? "superseded" : "published";
    } catch (error) {
      markFailed(span, error);
      // Not lost: a worker's sweep finds it and publishes it again.
      log.debug({ err: error, event: update.name }, "an update could not be published");
      return "failed";
    }
  };
  const publish = async (update: Update): Promise<Outcome> => {
    const outcome = await inSpan(`publish ${update.name}`, SPAN, (span) => send(update, span));
    metrics.updatePublished({ event: update.name, outcome });
    return outcome;
  };
  const start = (update: Update) => {
    const work = publish(update);
    underWay.add(work);
    void work.finally(() => underWay.delete(work));
  };
  return {
    requestChanged: (request) => start(requestUpdate(request)),
    downloadChanged: (download) => start(downloadUpdate(download)),
    publish,
    async unpublished(updates) {
      if (updates.length === 0) return [];
      const known = await policy.once(() => redis.mget(updates.map(versionKey)));
      return updates.filter(({ payload }, n) => Number(known[n] ?? 0) < payload.version);
    },
    async settled() {
      await Promise.all(underWay);
    },
  };
}

const SPAN = { kind: SpanKind.PRODUCER, attributes: { "messaging.destination.name": STREAM } };

/** As they stand in the stream, which the feed reads by their order. */
function fieldsOf({ name, userId, payload }: Update, trace: string | undefined): string[] {
  const fields = ["name", name, "user", userId, "payload", JSON.stringify(payload)];
  return trace === undefined ? fields : [...fields, "trace", trace];
}

function versionKey({ name, payload }: Update): string {
  return `updates:version:${name}:${payload.id}`;
}
