import type { Threshold } from "../thresholds.ts";
import { gauge, type PanelArgs, type Query, stat, stateTimeline, table, timeSeries } from "./panels.ts";

/**
 * Panels in one or two lines, so that a board reads as a table: title, unit, what it means and what to do, its questions.
 * A question is PromQL with the name of what comes back; "other" asks another stack's Prometheus.
 */
export type Ask = string | readonly [expr: string, legend: string, where?: "other"];
type More = Partial<Pick<PanelArgs, "decimals" | "span" | "height" | "lessIsWorse" | "words">> & {
  limit?: Threshold;
};

const queries = (asks: readonly Ask[]): Query[] =>
  asks.map((ask) =>
    typeof ask === "string" ? { expr: ask } : { expr: ask[0], legend: ask[1], ofOther: ask[2] === "other" },
  );

function args(title: string, unit: string, description: string, asks: readonly Ask[], more: More): PanelArgs {
  const { limit, ...rest } = more;
  return { title, unit, description, queries: queries(asks), ...(limit ? { thresholds: limit } : {}), ...rest };
}

/** Lines over time. */
export const lines = (
  title: string,
  unit: string,
  description: string,
  asks: readonly Ask[],
  { stacked, max, ...more }: More & { stacked?: boolean; max?: number } = {},
) =>
  timeSeries({
    ...args(title, unit, description, asks, { span: 8, ...more }),
    ...(stacked ? { stacked } : {}),
    ...(max === undefined ? {} : { max }),
  });

/** The newest number, or a row for each. */
export const number = (
  title: string,
  unit: string,
  description: string,
  asks: readonly Ask[],
  { trend, ...more }: More & { trend?: boolean } = {},
) => stat({ ...args(title, unit, description, asks, { height: 4, ...more }), ...(trend ? { trend } : {}) });

/** A dial of a share. */
export const dial = (title: string, description: string, ask: Ask, { max, ...more }: More & { max?: number } = {}) =>
  gauge({ ...args(title, "percentunit", description, [ask], more), ...(max === undefined ? {} : { max }) });

/** Rows with labels as columns, and `Value` for the number. */
export const rows = (
  title: string,
  unit: string,
  description: string,
  ask: Ask,
  columns: Readonly<Record<string, string>>,
  more: More = {},
) => table({ ...args(title, unit, description, [ask], { span: 12, height: 8, ...more }), columns });

/** What was what, over time. */
export const states = (
  title: string,
  description: string,
  ask: Ask,
  words: NonNullable<PanelArgs["words"]>,
  more: More = {},
) => stateTimeline({ ...args(title, "short", description, [ask], { span: 12, ...more }), words });

export const UP_DOWN = { 0: { text: "down", color: "red" }, 1: { text: "up", color: "green" } } as const;
