import { type Addresses, type Ask, nameOf, stepOf } from "./fetch.ts";
import type { BoardJson, Range } from "./model.ts";

/** Something that happened: drawn through all lines over time, for as long as it lasted. */
export interface Mark {
  from: number;
  to: number;
  text: string;
  color: string;
}

/** More would hide the lines; the newest stay. */
const MOST = 12;

type Sample = { metric: Record<string, string>; values: [number, string][] };

/** Asks the board's annotations. What fails leaves no mark: the panels say what is wrong with a data source. */
export async function fetchMarks(board: BoardJson, range: Range, at: Addresses, ask: Ask): Promise<Mark[]> {
  const step = stepOf(range);
  const found = await Promise.all(
    (board.annotations?.list ?? []).map(async ({ expr, titleFormat, iconColor }) => {
      if (!expr) return [];
      const url = `${at.prometheusUrl}/api/v1/query_range?query=${encodeURIComponent(expr)}&start=${range.from}&end=${range.to}&step=${step}`;
      const answer = (await ask(url).catch(() => ({ data: { result: [] } }))) as { data: { result: Sample[] } };
      return answer.data.result.flatMap(({ metric, values }) =>
        runsOf(values, step).map(([from, to]) => ({
          from,
          to,
          text: nameOf({ refId: "", expr, legendFormat: titleFormat ?? "" }, metric),
          color: iconColor,
        })),
      );
    }),
  );
  return found
    .flat()
    .sort((a, b) => a.from - b.from || (a.text < b.text ? -1 : 1))
    .slice(-MOST);
}

/** From the first sample to the last, for each run without a gap. */
function runsOf(values: [number, string][], step: number): [number, number][] {
  const runs: [number, number][] = [];
  for (const [time] of values) {
    const last = runs.at(-1);
    if (last && time - last[1] <= step * 1.5) last[1] = time;
    else runs.push([time, time]);
  }
  return runs;
}
