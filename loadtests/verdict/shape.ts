import { median } from "@media/drills/sample";
import { AVAILABILITY_OBJECTIVES, LATENCY_OBJECTIVES } from "@media/service/objectives";
import { ROWS } from "../resources/rows.ts";
import type { Interval, Result } from "../results/result.ts";
import { rateAt } from "../shapes/expand.ts";

/** What a run of a shape answers beyond its objectives: the question that the shape asks. */
export function findingsOf(result: Result): string[] {
  const { shape, level } = result.config;
  const answers = ANSWERS[shape];
  return [...(level === "gradual" ? gradual(result) : (answers?.(result) ?? []))];
}

const ANSWERS: Readonly<Record<string, (result: Result) => string[]>> = { stress, spike, soak, volume };

const BOUND_US = LATENCY_OBJECTIVES["http answers"].seconds * 1_000_000;
const FAILED_SHARE = 1 - Math.min(...Object.values(AVAILABILITY_OBJECTIVES).map(({ ratio }) => ratio));
/** A state that lasts so long is one; a single second is noise. */
const LASTING_SECONDS = 5;
/** After a rush, answers are as quick as before when their p95 is at most so many times as high. */
const RECOVERED = 1.5;
const GROWN = 0.1;

interface Window {
  readonly p95Us: number;
  readonly failedShare: number;
  readonly requests: number;
}

/** Seconds from one moment to another. The p95 is the median of the seconds' own. */
function windowOf(intervals: readonly Interval[], from: number, to: number): Window {
  const inside = intervals.filter(({ atSeconds }) => atSeconds >= from && atSeconds < to);
  const requests = inside.reduce((sum, one) => sum + one.requests, 0);
  const failed = inside.reduce((sum, one) => sum + one.failed, 0);
  const answered = inside.filter(({ requests: count, failed: bad }) => count > bad).map(({ p95Us }) => p95Us);
  return {
    p95Us: answered.length > 0 ? median(answered) : 0,
    failedShare: requests > 0 ? failed / requests : 0,
    requests,
  };
}

const isKept = ({ p95Us, failedShare }: Window) => p95Us <= BOUND_US && failedShare <= FAILED_SHARE;

interface Hold {
  readonly from: number;
  readonly to: number;
  readonly perMinute: number;
}

/** Stretches at an even rate. */
function holdsOf({ stretches }: Result["config"]): readonly Hold[] {
  const holds: Hold[] = [];
  let [at, rate] = [0, 0];
  for (const { seconds, perMinute } of stretches) {
    if (seconds > 0 && perMinute === rate) holds.push({ from: at, to: at + seconds, perMinute });
    at += seconds;
    rate = perMinute;
  }
  return holds;
}

function stress({ intervals, config }: Result): string[] {
  const holds = holdsOf(config).map((hold) => ({ ...hold, seen: windowOf(intervals, hold.from, hold.to) }));
  const reached = holds.filter(({ seen }) => seen.requests > 0);
  const broke = reached.findIndex(({ seen }) => !isKept(seen));
  const last = reached[broke === -1 ? reached.length - 1 : broke - 1];
  if (broke === -1)
    return last ? [`The objectives were kept up to ${rate(last)}, the highest rate that was tried.`] : [];
  const { seen, ...hold } = reached[broke] as (typeof reached)[number];
  const kept = last
    ? `kept up to ${rate(last)}, and missed at ${rate(hold)}`
    : `missed at ${rate(hold)}, the lowest rate`;
  return [`The objectives were ${kept}: p95 ${ms(seen.p95Us)}, ${share(seen.failedShare)} failed.`];
}

function gradual({ intervals, config }: Result): string[] {
  const missed = firstLasting(intervals, ({ p95Us, failed, requests }) =>
    requests > 0 ? p95Us > BOUND_US || failed / requests > FAILED_SHARE : false,
  );
  if (!missed) return ["The objectives were kept up to the highest rate of the ramp."];
  const perMinute = rateAt(config.stretches, missed.atSeconds);
  return [`The objectives were missed from ${rate({ perMinute })} on (second ${missed.atSeconds}).`];
}

function spike({ intervals, config }: Result): string[] {
  const holds = holdsOf(config);
  const rush = holds.reduce<Hold | undefined>(
    (most, one) => (one.perMinute > (most?.perMinute ?? 0) ? one : most),
    undefined,
  );
  if (!rush || rush.from === 0) return [];
  const before = windowOf(intervals, 0, rush.from);
  const during = windowOf(intervals, rush.from, rush.to);
  const words = `p95 ${ms(before.p95Us)} before the rush, ${ms(during.p95Us)} and ${share(during.failedShare)} failed in it`;
  const after = intervals.filter(({ atSeconds }) => atSeconds >= rush.to);
  const well = firstLasting(
    after,
    ({ p95Us, failed, requests }) => requests > 0 && failed === 0 && p95Us <= before.p95Us * RECOVERED,
  );
  const length = Math.round(after.length);
  return [
    well
      ? `${words}; ${Math.max(0, Math.round(well.atSeconds - rush.to))} s after it, answers were as quick as before.`
      : `${words}; in the ${length} s after it, answers did not become as quick as before.`,
  ];
}

function soak({ intervals, resources }: Result): string[] {
  const quarter = intervals.length / 4;
  if (quarter < LASTING_SECONDS) return ["The run is too short to show a drift."];
  // The first quarter is that of caches which fill and code that is compiled.
  const [early, late] = [windowOf(intervals, quarter, 2 * quarter), windowOf(intervals, 3 * quarter, 4 * quarter)];
  const drift = early.p95Us > 0 ? late.p95Us / early.p95Us - 1 : 0;
  const grown = resources.series.flatMap(({ tier, name, unit, of, points }) => {
    if (unit !== "bytes" || points.length < 8) return [];
    const part = (from: number, to: number) =>
      median(points.slice(Math.floor(from * points.length), Math.ceil(to * points.length)).map(({ value }) => value));
    const growth = part(0.75, 1) / part(0.25, 0.5) - 1;
    return growth > GROWN
      ? [`${tier} ${of}: ${name} grew by ${share(growth)} from the second quarter to the last.`]
      : [];
  });
  const moved = `p95 went from ${ms(early.p95Us)} in the second quarter to ${ms(late.p95Us)} in the last (${drift > 0 ? "+" : ""}${share(drift)}).`;
  return [moved, ...(grown.length > 0 ? grown : [`No tier's memory grew by more than ${share(GROWN)}.`])];
}

function volume({ resources }: Result): string[] {
  const rows = resources.series
    .filter(({ name }) => name === ROWS)
    .map(({ of, points }) => `${points.at(-1)?.value} ${of}`);
  return [
    rows.length > 0 ? `The database held ${rows.join(" and ")}.` : "How many rows the database held is not known.",
  ];
}

function firstLasting(intervals: readonly Interval[], is: (interval: Interval) => boolean): Interval | undefined {
  return intervals.find((_, at) => {
    const next = intervals.slice(at, at + LASTING_SECONDS);
    return next.length === LASTING_SECONDS && next.every(is);
  });
}

const rate = ({ perMinute }: { readonly perMinute: number }) => `${Number((perMinute / 60).toFixed(2))} sessions/s`;
const ms = (us: number) => `${Math.round(us / 1_000)} ms`;
const share = (of: number) => `${Number((of * 100).toFixed(1))} %`;
