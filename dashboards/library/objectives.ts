import { AVAILABILITY_OBJECTIVES, LATENCY_OBJECTIVES } from "@media/service/objectives";
import { BURN_RATE } from "../thresholds.ts";
import { answersIn, errorShare, errorsIn } from "./queries.ts";

const LATENCY = LATENCY_OBJECTIVES["http answers"];
const BUCKET = "gateway_http_request_duration_seconds_bucket";
const COUNT = "gateway_http_request_duration_seconds_count";

export interface Objective {
  title: string;
  /** Share of good events. */
  ratio: number;
  /** PromQL for the share of bad events in a window. */
  bad: (window: string) => string;
}

/** What is promised of the gateway's answers, which are what users get. */
export const OBJECTIVES = {
  availability: {
    title: "Availability",
    ratio: AVAILABILITY_OBJECTIVES["http answers that are no failure"].ratio,
    bad: errorShare,
  },
  latency: {
    title: "Latency",
    ratio: LATENCY.ratio,
    bad: (window) => `1 - sum(rate(${BUCKET}{le="${LATENCY.seconds}"}[${window}])) / sum(rate(${COUNT}[${window}]))`,
  },
} as const satisfies Record<string, Objective>;

export type ObjectiveName = keyof typeof OBJECTIVES;

/** How many times faster than "gone in exactly 30 days" the budget is used up. */
export function burnRate(name: ObjectiveName, window: string): string {
  const { bad, ratio } = OBJECTIVES[name];
  return `(${bad(window)}) / ${rounded(1 - ratio)}`;
}

/** 1 - 0.999 is not 0.001 in binary. */
const rounded = (value: number) => Number(value.toFixed(6));

/** Errors that the budget of the window's traffic still allows. */
export const errorsLeft = (window: string) =>
  `${rounded(1 - OBJECTIVES.availability.ratio)} * ${answersIn(window)} - (${errorsIn(window)})`;

export interface Burn {
  speed: "fast" | "slow";
  factor: number;
  long: string;
  /** The alert ends when the short window is good again. */
  short: string;
}

/** Windows and factors of Google's SRE workbook, chapter 5, table 5-8. */
export const BURNS: readonly Burn[] = [
  { speed: "fast", factor: BURN_RATE.critical, long: "1h", short: "5m" },
  { speed: "fast", factor: 6, long: "6h", short: "30m" },
  { speed: "slow", factor: BURN_RATE.warning, long: "1d", short: "2h" },
  { speed: "slow", factor: 1, long: "3d", short: "6h" },
];
