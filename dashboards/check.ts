import { dashboards } from "./boards/index.ts";
import { askByHttp } from "./draw/fetch.ts";
import type { BoardJson } from "./draw/model.ts";
import { MAY_BE_EMPTY } from "./empty.ts";
import type { Stack } from "./serve.ts";
import { snapshot } from "./snapshot.ts";

/** Asks every panel. Says which have no data, each with its reason; one without a reason fails the check. */
export async function checkPanels(stack: Stack, say: (line: string) => void): Promise<boolean> {
  const now = Math.floor(Date.now() / 1000);
  const boards = Object.values(dashboards()) as unknown as BoardJson[];
  const count = boards.flatMap(({ panels }) => panels).filter(({ type }) => type !== "row").length;
  const empty: string[] = [];
  for (const board of boards)
    for (const title of (await snapshot(board, now, stack, askByHttp)).empty) empty.push(`${board.uid}/${title}`);
  const unexplained = empty.filter((one) => !(one in MAY_BE_EMPTY));
  say(`${boards.length} dashboards, ${count} panels: ${count - empty.length} with data, ${empty.length} without`);
  for (const one of empty)
    say(`  ${one}: ${MAY_BE_EMPTY[one] ?? "NO REASON: mend its query, or name one in dashboards/empty.ts"}`);
  return unexplained.length === 0;
}
