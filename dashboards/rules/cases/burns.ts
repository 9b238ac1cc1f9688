import { BURNS, type Burn } from "../../library/objectives.ts";
import { BURN_ANSWERS } from "../../thresholds.ts";
import type { Case, Course } from "./case.ts";

const UNITS = { m: 60, h: 3600, d: 86_400 } as const;
const secondsOf = (window: string) => Number.parseInt(window, 10) * UNITS[window.at(-1) as keyof typeof UNITS];

/** For so many seconds: answers a second, and those of them that use the budget up. */
export type Stretch = readonly [seconds: number, all: number, bad: number];
export type Series = (stretches: readonly Stretch[]) => Record<string, Course>;

/** What came before, so that each pair of windows is tried alone: how much of the budget, in budgets, for how long. */
const BEFORE: Record<string, { short: readonly [budgets: number, seconds: number]; longIn: number }> = {
  "1h": { short: [99, 720], longIn: 600 },
  "6h": { short: [13, 5 * 3600], longIn: 3 * 3600 },
  "1d": { short: [20, 6 * 3600], longIn: 6 * 3600 },
  "3d": { short: [2, 2.5 * 86_400], longIn: 1.5 * 86_400 },
};

/**
 * Each of the numbers of one pair of windows decides alone: that of the short window, that of the long one, and how many
 * answers there are. The traffic changes in each window, so that a share of other answers than those of the window shows.
 */
function casesOf(rule: string, budget: number, burn: Burn, series: Series): Case[] {
  const every = burn.speed === "fast" ? 60 : 900;
  const [long, short] = [secondsOf(burn.long), secondsOf(burn.short)];
  const before = BEFORE[burn.long] as (typeof BEFORE)[string];
  const [budgets, burst] = before.short;
  const [first, second] = [Math.ceil(short / every / 2) * every, Math.floor(short / every / 2) * every];
  const inShort = (first * 50 + second * 100) / short;
  // The first sample of a stretch has its first step already; the last stretch goes on after the moment of the test.
  const end = (stretches: readonly Stretch[]): readonly Stretch[] => {
    const [seconds, all, bad] = stretches.at(-1) as Stretch;
    return [...stretches.slice(0, -1), [seconds + 3 * every, all, bad]];
  };
  const quiet: Stretch = [3 * long, 100, 0];
  const of = (build: (level: number) => readonly Stretch[], silent: number, fires: number): Case => ({
    rule,
    every,
    lasts: build(fires).reduce((sum, [seconds]) => sum + seconds, 0) + 3 * every,
    series: (level) => series(end(build(level))),
    silent,
    fires,
  });
  const { factor } = burn;
  const wait = burn.speed === "fast" ? 0 : 900;
  return [
    of(
      (level) => [
        quiet,
        [long - burst - short, 10, 0],
        [burst, 10, 10 * budgets * budget],
        [first, 50, level * budget * inShort],
        [second, 100, level * budget * inShort],
      ],
      factor * 0.99,
      factor * 1.01,
    ),
    of(
      (level) => {
        const bad = (level * budget * 10 * long) / before.longIn;
        const rest = long / 2 - before.longIn;
        return [
          quiet,
          [long, 1, 0],
          [long / 2, 5, 0],
          ...(rest > 0 ? [[rest, 15, 0] as const] : []),
          [before.longIn, 15, bad],
        ];
      },
      factor * 0.99,
      // It grows, and has to last as long as the rule waits.
      factor * (wait ? 1.06 : 1.01),
    ),
    of((count) => [quiet, [long + wait, count / long, count / long]], BURN_ANSWERS * 0.99, BURN_ANSWERS * 1.01),
  ];
}

export const burnCases = (name: string, budget: number, series: Series): Case[] =>
  BURNS.flatMap((burn) =>
    casesOf(`${name}BudgetBurns${burn.speed === "fast" ? "Fast" : "Slowly"}`, budget, burn, series),
  );
