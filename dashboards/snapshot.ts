import { mkdir, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { Resvg } from "@resvg/resvg-js";
import { dashboards } from "./boards/index.ts";
import { fetchMarks } from "./draw/annotations.ts";
import { boardSvg } from "./draw/board.ts";
import { type Addresses, type Ask, askByHttp, fetchPanel } from "./draw/fetch.ts";
import { type BoardJson, type PanelData, rangeOf, type Series } from "./draw/model.ts";
import { drawToText } from "./draw/server-side.ts";
import { pickedOf, pickersOf } from "./draw/variables.ts";

const WIDTH = 1440;
const FONTS = join(dirname(createRequire(import.meta.url).resolve("dejavu-fonts-ttf/package.json")), "ttf");

export interface Snapshot {
  uid: string;
  svg: string;
  /** Titles of the panels that had no data. */
  empty: string[];
}

/** One dashboard as SVG, of the time that ends at `now` (seconds since 1970). */
export async function snapshot(board: BoardJson, now: number, at: Addresses, ask: Ask = askByHttp): Promise<Snapshot> {
  const range = rangeOf(board.time.from, now);
  const panels = board.panels.filter(({ type }) => type !== "row");
  const data = new Map<number, PanelData>();
  const picked = pickedOf(board, await pickersOf(board, {}, range, at, ask));
  await Promise.all(panels.map(async (panel) => data.set(panel.id, await fetchPanel(panel, range, at, ask, picked))));
  const marks = await fetchMarks(board, range, at, ask);
  const hasNumber = ({ points }: Series) => points.some(([, value]) => Number.isFinite(value));
  const isEmpty = ({ series, logs }: PanelData) => !series.some(hasNumber) && logs.length === 0;
  const empty = panels.filter(({ id }) => isEmpty(data.get(id) as PanelData)).map(({ title }) => title);
  return { uid: board.uid, svg: boardSvg(board, data, range, WIDTH, drawToText, marks), empty };
}

export function toPng(svg: string): Uint8Array {
  const fontFiles = ["DejaVuSans.ttf", "DejaVuSans-Bold.ttf"].map((file) => join(FONTS, file));
  const font = { fontFiles, loadSystemFonts: false, defaultFontFamily: "DejaVu Sans" };
  return new Resvg(svg, { font }).render().asPng();
}

/** Writes each dashboard as <folder>/<uid>.svg and .png, and says which panels had no data. */
export async function writeSnapshots(folder: string, at: Addresses, say: (line: string) => void): Promise<void> {
  await mkdir(folder, { recursive: true });
  const now = Math.floor(Date.now() / 1000);
  for (const board of Object.values(dashboards()) as unknown as BoardJson[]) {
    const { uid, svg, empty } = await snapshot(board, now, at);
    await writeFile(join(folder, `${uid}.svg`), svg);
    await writeFile(join(folder, `${uid}.png`), toPng(svg));
    say(
      `${join(folder, uid)}.svg and .png${empty.length > 0 ? `; no data: ${empty.join(", ")}` : "; every panel has data"}`,
    );
  }
}
