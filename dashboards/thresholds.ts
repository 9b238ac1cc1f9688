import {
  IDLE_IN_TRANSACTION_SECONDS,
  LATENCY_OBJECTIVES,
  MOST_LAG_SECONDS,
  RUNAWAY_QUERY_SECONDS,
  SLOW_QUERY_SECONDS,
} from "@media/service/objectives";

/** One number, read by the alert, by the line on its panel and by the runbook's check. Shares are 0 to 1. */
export interface Threshold {
  warning: number;
  critical: number;
}

export const CPU_SHARE: Threshold = { warning: 0.85, critical: 0.95 };
export const MEMORY_SHARE: Threshold = { warning: 0.85, critical: 0.95 };
export const DISK_SHARE: Threshold = { warning: 0.85, critical: 0.95 };

/** Seconds within which 95 of 100 answers have to be there. */
export const RESPONSE_SECONDS: Threshold = {
  warning: LATENCY_OBJECTIVES["http answers"].seconds,
  critical: LATENCY_OBJECTIVES["http answers, at worst"].seconds,
};
/** Share of answers with a status of 500 or more. */
export const ERROR_SHARE: Threshold = { warning: 0.01, critical: 0.05 };
/** Answers per second below which a share of errors says nothing. */
export const ERROR_TRAFFIC_FLOOR = 0.1;

/** Share of PostgreSQL's connection slots in use. */
export const CONNECTION_SHARE: Threshold = { warning: 0.8, critical: 0.95 };
/** Mean seconds of the last 100 statements. */
export const QUERY_SECONDS: Threshold = { warning: SLOW_QUERY_SECONDS / 10, critical: SLOW_QUERY_SECONDS };
/** Slow statements in five minutes. */
export const SLOW_QUERIES: Threshold = { warning: 5, critical: 50 };
/** Seconds of the oldest transaction without a statement; ten times as long, vacuum and locks suffer. */
export const IDLE_TRANSACTION_SECONDS: Threshold = {
  warning: IDLE_IN_TRANSACTION_SECONDS,
  critical: IDLE_IN_TRANSACTION_SECONDS * 10,
};
/** Seconds of the oldest transaction that works. */
export const RUNNING_SECONDS: Threshold = { warning: RUNAWAY_QUERY_SECONDS, critical: RUNAWAY_QUERY_SECONDS * 10 };
/** Share of look-ups that the cache answers: less is worse. */
export const CACHE_HIT_SHARE: Threshold = { warning: 0.8, critical: 0.5 };

/** Hours since the newest backup ended; one is taken each day. */
export const BACKUP_AGE_HOURS: Threshold = { warning: 26, critical: 50 };
/** Hours since a restore was proved; it is proved every six hours, and after each backup. */
export const PROOF_AGE_HOURS: Threshold = { warning: 8, critical: 26 };
/** Hours since the newest drill of the schedule ended; there is one a day at least. */
export const DRILL_AGE_HOURS: Threshold = { warning: 26, critical: 50 };

/** Seconds for which the oldest due job has waited. */
export const QUEUE_AGE_SECONDS: Threshold = { warning: 120, critical: 600 };
/** Share of answers without an error, by month. */
export const AVAILABILITY_SHARE: Threshold = { warning: 0.9995, critical: 0.999 };

/** Burn rates of an error budget: at 14.4, 2 % of a month's budget are gone in an hour (Google's SRE workbook). */
export const BURN_RATE: Threshold = { warning: 3, critical: 14.4 };
/** Answers in the long window below which a burn rate says nothing; then ErrorsAtLowTraffic speaks. */
export const BURN_ANSWERS = 100;
/** Errors in ten minutes of almost no traffic, and their share of the answers, that page all the same. */
export const LOW_TRAFFIC_ERRORS = 5;
export const LOW_TRAFFIC_SHARE = 0.5;

/** Days at this hour that an anomaly is judged by: with fewer there is no baseline. */
export const BASELINE_DAYS = 3;
/** Usual distances (MAD, scaled to a standard deviation) from the median that are still usual. */
export const ANOMALY_DEVIATIONS = 4;
/** Share of the median that is always usual: where all days were alike, the distance would be nothing. */
export const ANOMALY_SHARE = 0.3;
/** Growth against the week before. */
export const TREND_FACTOR = 1.5;

/** Free share of a disk above which a forecast does not matter yet. */
export const DISK_FORECAST_FREE = 0.4;
export const DISK_FORECAST_SECONDS = 4 * 86_400;
/** Connection slots in use below which a forecast does not matter yet. */
export const CONNECTION_FORECAST_SHARE = 0.5;
/** Share of the nodes' CPU or memory that pods have asked for: beyond it, a node that fails has nowhere to go. */
export const REQUESTED_SHARE: Threshold = { warning: 0.9, critical: 1 };
/** Jobs due in an hour, if the queue goes on as in the last half hour. */
export const QUEUE_FORECAST_JOBS = 1000;
export const EVENT_LOOP_SHARE: Threshold = { warning: 0.8, critical: 0.95 };
export const EVENT_LOOP_DELAY_SECONDS: Threshold = { warning: 0.1, critical: 0.5 };
export const COLLECTION_SHARE: Threshold = { warning: 0.1, critical: 0.3 };
export const REDIS_MEMORY_SHARE: Threshold = { warning: 0.85, critical: 0.95 };
/** Restarts of one container in ten minutes. */
export const RESTARTS = 2;

/** As seconds, for the panel. */
export const BACKUP_AGE_SECONDS: Threshold = {
  warning: BACKUP_AGE_HOURS.warning * 3600,
  critical: BACKUP_AGE_HOURS.critical * 3600,
};
export const PROOF_AGE_SECONDS: Threshold = {
  warning: PROOF_AGE_HOURS.warning * 3600,
  critical: PROOF_AGE_HOURS.critical * 3600,
};
/** The recovery point objective of a lost disk. */
export const ARCHIVE_WAIT_SECONDS: Threshold = { warning: 120, critical: 900 };
/** Share of a member's volume that its databases and its write-ahead log take. */
export const DATABASE_VOLUME_SHARE: Threshold = { warning: 0.8, critical: 0.9 };
/**
 * Write-ahead log on disk, in multiples of what PostgreSQL keeps it below (`max_wal_size`, 512 MB). A member that is away holds
 * 1 GB at most (`max_slot_wal_keep_size`), so the warning comes before that member is given up.
 */
export const WAL_SIZES: Threshold = { warning: 1.5, critical: 3 };
/** Seconds that an outside service takes to answer a probe; a call is given up after 1.5 s (resilience/policies.ts). */
export const OUTSIDE_SECONDS: Threshold = { warning: 1, critical: 3 };
/** Share of the cache's keys of the last hour that are left, and how many there were at least: fewer say nothing. */
export const CACHE_KEYS_LEFT: Threshold = { warning: 0.5, critical: 0.1 };
export const CACHE_KEYS_FLOOR = 100;
/** Share of its memory from which on the cache is full, and evictions in ten minutes below which it does not matter. */
export const CACHE_FULL_SHARE = 0.9;
export const CACHE_EVICTIONS = 100;
/** Older replicas serve no reads (see the service's objectives). */
export const REPLICA_AGE_SECONDS: Threshold = { warning: MOST_LAG_SECONDS, critical: 60 };
/** Of what a standby stack has: its source archives a file each minute at least. */
export const FOLLOWED_AGE_SECONDS: Threshold = { warning: 300, critical: 3600 };
/** Seconds before a certificate ends. */
export const CERTIFICATE_SECONDS: Threshold = { warning: 30 * 86_400, critical: 7 * 86_400 };

/** In five minutes, over all callers. */
export const REFUSED_LOGINS = 30;
export const INVALID_TOKENS = 60;
export const FORBIDDEN_CALLS = 20;

/** Core Web Vitals: good below the first, poor above the second (web.dev). */
export const VITALS = {
  lcp: { warning: 2.5, critical: 4 },
  inp: { warning: 0.2, critical: 0.5 },
  ttfb: { warning: 0.8, critical: 1.8 },
  cls: { warning: 0.1, critical: 0.25 },
} as const satisfies Record<string, Threshold>;
/** Reports of a page in an hour below which its percentile says nothing. */
export const VITAL_REPORTS = 60;

/** Seconds after the start of Prometheus in which a part that was never there may still be starting. */
export const START_SECONDS = 300;
