import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { changedBoards } from "./files.plan.ts";
import type { WithConfig } from "./render-all.ts";

type Draw = (board: never) => Promise<Uint8Array>;

/** The boards that differ in any stack, drawn with made-up numbers: `<uid>-before.png` and `<uid>-after.png`. Returns the files' names. */
export async function writePictures(
  folder: string,
  before: readonly WithConfig[],
  after: readonly WithConfig[],
): Promise<string[]> {
  const pictures = new Map<string, unknown>();
  for (const now of after) {
    const old = before.find(({ stack }) => stack === now.stack);
    if ("problem" in now || !old || "problem" in old) continue;
    for (const board of changedBoards(old.resources, now.resources)) {
      if (board.before) pictures.set(`${board.uid}-before.png`, board.before);
      if (board.after) pictures.set(`${board.uid}-after.png`, board.after);
    }
  }
  if (pictures.size === 0) return [];
  mkdirSync(folder, { recursive: true });
  // Drawing is slow to load, and most changes need none.
  const { samplePicture } = (await import("@media/dashboards/sample")) as { samplePicture: Draw };
  for (const [file, board] of pictures) writeFileSync(join(folder, file), await samplePicture(board as never));
  return [...pictures.keys()].sort();
}
