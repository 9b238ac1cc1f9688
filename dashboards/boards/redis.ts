import { CACHE_LOOKUPS_TOTAL } from "@media/service/metric-names";
import { board } from "../library/board.ts";
import * as q from "../library/queries.ts";
import { lines, number, states } from "../library/short.ts";
import * as limit from "../thresholds.ts";

const rate = (metric: string) => `rate(${metric}[$__rate_interval])`;

/** Both Redis: the cache, which may lose everything, and the state, which may lose nothing. */
export const redis = () =>
  board({
    uid: "redis",
    title: "Redis",
    description:
      "The cache (evicts) and the state (sessions, limits, live updates; never evicts): memory, answers, replication.",
    tags: ["data"],
    rows: [
      { title: "Now", panels: now() },
      { title: "Cache", panels: cache() },
      { title: "Work", panels: work() },
    ],
  });

const now = () => [
  states("Members", "Whether each member answers its exporter.", ["max by (pod) (redis_up)", "{{pod}}"], {
    0: { text: "down", color: "red" },
    1: { text: "up", color: "green" },
  }),
  states(
    "Primary of the State",
    "A change is a failover by the Sentinels.",
    ['max by (pod) (redis_instance_info{job="redis-state",role="master"})', "{{pod}}"],
    {
      1: { text: "primary", color: "green" },
    },
  ),
  lines(
    "Memory",
    "percentunit",
    "Share of maxmemory in use. The state refuses writes when it is full; the cache evicts.",
    [[q.redisMemoryShare(), "{{pod}}"]],
    { limit: limit.REDIS_MEMORY_SHARE, max: 1 },
  ),
  lines("Clients", "short", "Connected clients.", [["max by (pod) (redis_connected_clients)", "{{pod}}"]]),
  lines("Replicas", "short", "Replicas that the primary of the state has.", [
    ['max by (pod) (redis_connected_slaves{job="redis-state"})', "{{pod}}"],
  ]),
];

const cache = () => [
  lines(
    "Hits",
    "percentunit",
    "Share of look-ups that the cache answered.",
    [
      [q.redisHitShare("5m"), "of Redis"],
      [q.cacheHitShare("5m"), "of the service"],
    ],
    {
      limit: limit.CACHE_HIT_SHARE,
      lessIsWorse: true,
      max: 1,
    },
  ),
  lines(
    "Evicted and Expired",
    "ops",
    "Keys per second. Evictions mean that the cache is too small for what is asked.",
    [
      [`sum by (job) (${rate("redis_evicted_keys_total")})`, "{{job}} evicted"],
      [`sum by (job) (${rate("redis_expired_keys_total")})`, "{{job}} expired"],
    ],
  ),
  lines("Look-ups", "ops", "Of the service, by result. Unreachable: Redis did not answer in time.", [
    [`sum by (result) (${rate(CACHE_LOOKUPS_TOTAL)})`, "{{result}}"],
  ]),
];

const work = () => [
  lines("Commands", "ops", "Per second, by member.", [
    [`sum by (pod) (${rate("redis_commands_processed_total")})`, "{{pod}}"],
  ]),
  lines("Time of a Command", "s", "Mean seconds of the commands that take the most time.", [
    [
      `topk(6, sum by (cmd) (${rate("redis_commands_duration_seconds_total")}) / (sum by (cmd) (${rate("redis_commands_total")}) > 0))`,
      "{{cmd}}",
    ],
  ]),
  lines("Keys", "short", "Of all databases, by member.", [["sum by (pod) (redis_db_keys)", "{{pod}}"]]),
  lines("Fragmentation", "short", "Memory that the system gave, as a multiple of what is used.", [
    ["max by (pod) (redis_mem_fragmentation_ratio)", "{{pod}}"],
  ]),
  lines(
    "Refused",
    "short",
    "In five minutes: connections beyond the limit, and log-ins or commands that the access list denies.",
    [
      ["sum(increase(redis_rejected_connections_total[5m]))", "connections"],
      [q.redisDenied("5m"), "denied"],
    ],
  ),
  number(
    "Persistence",
    "short",
    "Whether the last write of the append-only file was right, by member of the state.",
    [['min by (pod) (redis_aof_last_write_status{job="redis-state"})', "{{pod}}"]],
    { words: { 0: { text: "failed", color: "red" }, 1: { text: "right", color: "green" } }, span: 8, height: 6 },
  ),
];
