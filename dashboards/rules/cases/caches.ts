import * as limit from "../../thresholds.ts";
import { type Case, counter, gauge, pieces } from "./case.ts";

const { CACHE_KEYS_FLOOR } = limit;

/** A cache with so many keys that began anew at 600 s, and has none since. */
const emptied = (keys: number) => ({
  'redis_db_keys{job="redis-cache",db="db0"}': pieces([600, keys], [600, 0]),
  'redis_start_time_seconds{job="redis-cache"}': pieces([600, 0], [600, 600]),
});

/** A cache of 100 bytes with so many in use, that evicts so many keys in ten minutes; the state beside it does well. */
const thrashing = ({
  hits,
  used = 91,
  most = 100,
  evicted = 600,
}: Record<"hits", number> & Partial<Record<"used" | "most" | "evicted", number>>) => ({
  'redis_keyspace_hits_total{job="redis-cache",pod="a"}': counter(10 * hits),
  'redis_keyspace_misses_total{job="redis-cache",pod="a"}': counter(10 * (1 - hits)),
  'redis_memory_used_bytes{job="redis-cache",pod="a"}': gauge(used),
  'redis_memory_max_bytes{job="redis-cache",pod="a"}': gauge(most),
  'redis_evicted_keys_total{job="redis-cache",pod="a"}': counter(evicted / 600),
  'redis_keyspace_hits_total{job="redis-state",pod="b"}': counter(1000),
  'redis_memory_used_bytes{job="redis-state",pod="b"}': gauge(99),
  'redis_memory_max_bytes{job="redis-state",pod="b"}': gauge(100),
  'redis_evicted_keys_total{job="redis-state",pod="b"}': counter(10),
});

/** The cache, emptied or too small. */
export const CACHES: readonly Case[] = [
  {
    rule: "CacheThrashes",
    series: (hits) => thrashing({ hits }),
    silent: limit.CACHE_HIT_SHARE.critical,
    fires: limit.CACHE_HIT_SHARE.critical - 0.001,
    lasts: 1800,
    also: [
      // It waits two minutes, and looks back ten.
      {
        series: {
          ...thrashing({ hits: 0.4 }),
          'redis_memory_used_bytes{job="redis-cache",pod="a"}': pieces([1200, 0], [1800, 91]),
        },
        lasts: 3000,
        moments: [
          [1305, 0],
          [1320, 1],
        ],
      },
      {
        series: {
          ...thrashing({ hits: 0.4 }),
          'redis_evicted_keys_total{job="redis-cache",pod="a"}': {
            rates: [
              [1200, 1],
              [1800, 0],
            ],
          },
        },
        lasts: 3000,
        moments: [
          [1650, 1],
          [1785, 0],
        ],
      },
      {
        series: {
          'redis_memory_used_bytes{job="redis-cache",pod="a"}': gauge(100),
          'redis_memory_max_bytes{job="redis-cache",pod="a"}': gauge(100),
          'redis_evicted_keys_total{job="redis-cache",pod="a"}': counter(1),
          'redis_keyspace_hits_total{job="redis-cache",pod="a"}': {
            rates: [
              [1200, 10],
              [1800, 0],
            ],
          },
          'redis_keyspace_misses_total{job="redis-cache",pod="a"}': {
            rates: [
              [1200, 0],
              [1800, 10],
            ],
          },
        },
        lasts: 3000,
        moments: [
          [1500, 0],
          [1665, 1],
        ],
      },
      // With room, without a limit, and with hardly an eviction it is only a cache that is little used.
      { series: thrashing({ hits: 0.4, used: 90 }), lasts: 1800, moments: [[1700, 0]] },
      { series: thrashing({ hits: 0.4, most: 0 }), lasts: 1800, moments: [[1700, 0]] },
      { series: thrashing({ hits: 0.4, evicted: 100 }), lasts: 1800, moments: [[1700, 0]] },
      { series: thrashing({ hits: 0.4, evicted: 103 }), lasts: 1800, moments: [[1700, 1]] },
    ],
  },
  {
    rule: "CacheEmptied",
    // It was full, began anew at 600 s, and has so many of its keys since.
    series: (left) => ({
      'redis_db_keys{job="redis-cache",db="db0"}': pieces(
        [600, 2 * CACHE_KEYS_FLOOR],
        [600, 2 * CACHE_KEYS_FLOOR * left],
      ),
      'redis_start_time_seconds{job="redis-cache"}': pieces([600, 0], [600, 600]),
      'redis_db_keys{job="redis-state",db="db0"}': gauge(0),
    }),
    silent: limit.CACHE_KEYS_LEFT.warning,
    fires: limit.CACHE_KEYS_LEFT.warning - 0.01,
    quietFrom: 60,
    lasts: 1200,
    also: [
      // It waits a minute.
      {
        series: emptied(2 * CACHE_KEYS_FLOOR),
        lasts: 1200,
        moments: [
          [645, 0],
          [675, 1],
        ],
      },
      // There was little before: nothing is missed; and just enough.
      { series: emptied(CACHE_KEYS_FLOOR), lasts: 1200, moments: [[1100, 0]] },
      { series: emptied(1.1 * CACHE_KEYS_FLOOR), lasts: 1200, moments: [[1100, 1]] },
      // It has run for an hour: then its keys went as they do.
      {
        series: {
          'redis_db_keys{job="redis-cache",db="db0"}': pieces([3000, 2 * CACHE_KEYS_FLOOR], [1800, 0]),
          'redis_start_time_seconds{job="redis-cache"}': gauge(0),
        },
        lasts: 4800,
        moments: [
          [3570, 1],
          [3600, 0],
          [4000, 0],
        ],
      },
      // What it had longer than an hour ago does not count.
      {
        series: {
          'redis_db_keys{job="redis-cache",db="db0"}': pieces([600, 2 * CACHE_KEYS_FLOOR], [4200, 0]),
          'redis_start_time_seconds{job="redis-cache"}': pieces([3000, 0], [1800, 3000]),
        },
        lasts: 4800,
        moments: [
          [3900, 1],
          [4350, 0],
        ],
      },
    ],
  },
];
