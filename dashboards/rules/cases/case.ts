import { START_SECONDS } from "../../thresholds.ts";

/**
 * A series of a case: it begins at a number and grows by so much a second (a gauge that stays by nothing, a counter from 0), or
 * it is made of pieces: of a gauge with their values, of a counter with what they grow by.
 */
export type Course = { start: number; perSecond: number } | { pieces: readonly Piece[] } | { rates: readonly Piece[] };
export type Piece = readonly [seconds: number, number: number];

/** How a rule is tried: series that depend on one number, and the number at which the rule begins to fire. */
export interface Case {
  rule: string;
  series: (level: number) => Record<string, Course>;
  /** The last number at which it must be silent. */
  silent: number;
  /**
   * The first number at which it must fire: as near to `silent` as the arithmetic allows. A gauge of 0 and 1 takes one
   * between, so that a limit that moved is noticed.
   */
  fires: number;
  /** How many alerts it makes then. @default 1 */
  alerts?: number;
  /** Seconds after which it must be silent below its limit: before, a rate over a window is smaller than it will be. @default 60 */
  quietFrom?: number;
  /** Seconds between two samples, and between two evaluations. @default 15 */
  every?: number;
  /** Seconds that the series last. @default 900 */
  lasts?: number;
  /**
   * The series go from one number to another, in the middle of their time: it must fire so many seconds later, and not
   * before; with `ends`, it fires at first and ends then. It shows the windows and the wait.
   */
  step?: { from: number; to: number; after: number; ends?: boolean };
  /** More tries with series of their own: how many alerts fire at which second. */
  also?: readonly { series: Record<string, Course>; lasts: number; moments: readonly Moment[] }[];
}
export type Moment = readonly [seconds: number, alerts: number];

export const gauge = (value: number): Course => ({ start: value, perSecond: 0 });
export const counter = (perSecond: number): Course => ({ start: 0, perSecond });
export const pieces = (...parts: readonly Piece[]): Course => ({ pieces: parts });
/** A counter that went up by one, so many seconds before `at`. */
export const onceBefore = (at: number, ago: number, lasts: number): Course => ({
  pieces: [
    [at - ago, 0],
    [lasts - at + ago, 1],
  ],
});

const number = (value: number) => String(Number(value.toPrecision(15)));
/** promtool's notation: `start+growth x samples`. */
const run = (start: number, growth: number, samples: number) =>
  `${number(start)}${growth < 0 ? "-" : "+"}${number(Math.abs(growth))}x${Math.max(0, samples - 1)}`;

/** The series in promtool's notation. */
export function written(course: Course, every: number, lasts: number): string {
  if ("start" in course) return run(course.start, course.perSecond * every, Math.round(lasts / every));
  if ("pieces" in course)
    return course.pieces.map(([seconds, value]) => run(value, 0, Math.round(seconds / every))).join(" ");
  let at = 0;
  return course.rates
    .map(([seconds, perSecond]) => {
      const samples = Math.round(seconds / every);
      const text = run(at + perSecond * every, perSecond * every, samples);
      // Adding up leaves a rest: a piece that began a hair lower would look like a restart.
      at += perSecond * every * samples + 1e-6;
      return text;
    })
    .join(" ");
}

/** One course for the first half of the time, and another for the second: a gauge jumps, what grows goes on where it was. */
export function writtenStep(from: Course, to: Course, every: number, lasts: number): string {
  const half = Math.round(lasts / every / 2);
  if (!("start" in from) || !("start" in to)) throw new Error("a step needs series that begin at a number");
  const [before, after] = [from.perSecond * every, to.perSecond * every];
  const jumps = before === 0 && after === 0;
  return `${run(from.start, before, half)} ${run(jumps ? to.start : from.start + before * (half - 1) + after + 1e-6, after, half)}`;
}

/**
 * Tries of a rule that is held back while a stack starts. `absent` was never there, Prometheus began after a minute, and
 * another process much later: the alert waits for the time of a start, then for its own. `away` says what was there goes:
 * the alert waits for its own time alone, and for a start again once Prometheus begins anew and an hour has passed.
 */
export function afterStart(
  forSeconds: number,
  absent: Record<string, Course>,
  away: (seconds: number, last: number) => Record<string, Course>,
): NonNullable<Case["also"]> {
  const start = (course: Course) => ({
    'process_start_time_seconds{job="prometheus"}': course,
    'process_start_time_seconds{job="api"}': gauge(600),
  });
  const fires = 60 + START_SECONDS + forSeconds;
  const [went, again, lasts] = [150, 3600, 4500];
  return [
    {
      series: { ...absent, ...start(gauge(60)) },
      lasts: 900,
      moments: [
        [fires - 15, 0],
        [fires, 1],
      ],
    },
    {
      series: { ...away(went, lasts - went), ...start(pieces([again, 60], [lasts - again, again])) },
      lasts,
      moments: [
        [went + forSeconds - 15, 0],
        [went + forSeconds, 1],
        [went - 30 + 3600, 1],
        [went + 30 + 3600, 0],
      ],
    },
  ];
}

/** A try of a rule that waits for nothing: a counter goes up by one, and the alert is there with the same sample. */
export const once = (series: string): NonNullable<Case["also"]>[number] => ({
  series: { [series]: pieces([450, 0], [450, 1]) },
  lasts: 900,
  moments: [
    [435, 0],
    [450, 1],
  ],
});
