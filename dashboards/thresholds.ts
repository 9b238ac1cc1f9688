import { LATENCY_OBJECTIVES, SLOW_QUERY_SECONDS } from "@media/service/objectives";

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
/** Share of look-ups that the cache answers: less is worse. */
export const CACHE_HIT_SHARE: Threshold = { warning: 0.8, critical: 0.5 };

/** Seconds for which the oldest due job has waited. */
export const QUEUE_AGE_SECONDS: Threshold = { warning: 120, critical: 600 };
/** Share of answers without an error, by month. */
export const AVAILABILITY_SHARE: Threshold = { warning: 0.9995, critical: 0.999 };
