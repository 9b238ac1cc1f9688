import { type Command, Redis, type RedisOptions } from "ioredis";
import type { Logger } from "../../observability/log.ts";
import { createOutage } from "../../observability/outage.ts";
import { POLICIES } from "../../resilience/policies.ts";

/** What the connections read of the configuration. */
export interface CacheConfig {
  REDIS_CACHE_URL: string;
  secrets: { REDIS_CACHE_PASSWORD_FILE?: string | undefined };
}

export interface StateConfig {
  REDIS_STATE_NAME: string;
  /** `host:port`, separated by commas. */
  REDIS_STATE_SENTINELS: string;
  secrets: { REDIS_STATE_PASSWORD_FILE?: string | undefined; REDIS_SENTINEL_PASSWORD_FILE?: string | undefined };
}

/**
 * A server that goes away without a word, as with its node, leaves sockets on which writes succeed and nothing comes: the
 * kernel tries for a quarter of an hour. When an answer is overdue by so many milliseconds, the socket is closed and another opened.
 */
const SILENCE_MS = 3_000;

/** Redis only ever speeds things up or counts: a caller must never wait long for it. */
const failFast = (commandTimeout: number = POLICIES["redis-cache"].attemptMs) =>
  ({
    commandTimeout,
    socketTimeout: commandTimeout + SILENCE_MS,
    connectTimeout: 1_000,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    retryStrategy: (attempt: number) => Math.min(attempt * 100, 2_000),
  }) satisfies RedisOptions;

/**
 * What many requests ask in one turn of the event loop leaves in one write: the system call for each was a third of a
 * cached read's time. Unlike ioredis' own pipelining it never keeps a command back until an earlier answer has come.
 */
export class Batching extends Redis {
  override sendCommand(command: Command, stream?: Parameters<Redis["sendCommand"]>[1]): unknown {
    const socket = this.stream;
    if (socket?.writable && socket.writableCorked === 0) {
      socket.cork();
      setImmediate(() => socket.uncork());
    }
    return super.sendCommand(command, stream);
  }
}

export function connectCache(config: CacheConfig, log: Logger): Redis {
  const options = { ...failFast(), ...password(config.secrets.REDIS_CACHE_PASSWORD_FILE) };
  return watched("redis-cache", log, new Batching(config.REDIS_CACHE_URL, options));
}

/** The state Redis by its Sentinels: they say who is master, and a failover reconnects. A read that blocks needs more time. */
export function connectState(config: StateConfig, log: Logger, commandTimeout?: number): Redis {
  const sentinelPassword = config.secrets.REDIS_SENTINEL_PASSWORD_FILE;
  const options = {
    ...failFast(commandTimeout),
    ...password(config.secrets.REDIS_STATE_PASSWORD_FILE),
    ...(sentinelPassword && { sentinelPassword }),
    name: config.REDIS_STATE_NAME,
    sentinels: config.REDIS_STATE_SENTINELS.split(",").map(parseAddress),
    sentinelCommandTimeout: 500,
    sentinelRetryStrategy: (attempt: number) => Math.min(attempt * 100, 2_000),
    // Without it a client stays with a demoted master that is still up.
    failoverDetector: true,
    reconnectOnError: (error: Error) => error.message.startsWith("READONLY"),
  };
  return watched("redis-state", log, new Batching(options));
}

function password(secret: string | undefined): { password?: string } {
  return secret ? { password: secret } : {};
}

function parseAddress(address: string): { host: string; port: number } {
  const [host = "", port = ""] = address.split(":");
  return { host, port: Number(port) };
}

function watched(name: string, log: Logger, redis: Redis): Redis {
  const outage = createOutage(log, { redis: name }, "redis is not reachable", "redis is reachable again");
  return redis.on("error", outage.failed).on("ready", outage.over);
}
