import type { Mark } from "./annotations.ts";
import { CHARTS } from "./charts.ts";
import { CELL, COLORS, cut, empty, escapeXml, FONT, GAP, round, type Size, TITLE, textAt } from "./look.ts";
import type { BoardJson, PanelData, PanelJson, Range } from "./model.ts";
import { textPanel } from "./text.ts";

const COLUMNS = 24;
const HEAD = 44;

/** Draws a chart of that size as an SVG of its own. */
export type DrawChart = (panel: PanelJson, data: PanelData, range: Range, size: Size, marks: readonly Mark[]) => string;

export interface Box extends Size {
  x: number;
  y: number;
}

/** Where a panel is on a page of that width. */
export function boxOf({ gridPos }: PanelJson, width: number): Box {
  const column = (width - GAP) / COLUMNS;
  return {
    x: round(GAP + gridPos.x * column),
    y: round(HEAD + gridPos.y * CELL),
    width: round(gridPos.w * column - GAP),
    height: round(gridPos.h * CELL - GAP),
  };
}

/** The inside of a panel: below its title, to its border. */
export const insideOf = (box: Size): Size => ({ width: box.width, height: box.height - TITLE });

/** A panel's inside as SVG, whatever its kind. */
export function panelBody(
  panel: PanelJson,
  data: PanelData,
  range: Range,
  size: Size,
  draw: DrawChart,
  marks: readonly Mark[] = [],
): string {
  if (data.error) return textAt(10, 20, cut(data.error, size.width - 20, 11), { color: COLORS.bad, size: 11 });
  if (CHARTS.includes(panel.type))
    return data.series.length === 0 ? empty("no data", size) : draw(panel, data, range, size, marks);
  return textPanel(panel, data, size, range);
}

/** The whole dashboard as one SVG; the same data give the same bytes. */
export function boardSvg(
  board: BoardJson,
  data: ReadonlyMap<number, PanelData>,
  range: Range,
  width: number,
  draw: DrawChart,
  marks: readonly Mark[] = [],
): string {
  const height = Math.max(...board.panels.map((panel) => boxOf(panel, width).y + boxOf(panel, width).height)) + GAP;
  const from = new Date(range.from * 1000).toISOString().slice(0, 16).replace("T", " ");
  const to = new Date(range.to * 1000).toISOString().slice(0, 16).replace("T", " ");
  const body = board.panels.map((panel) => {
    const box = boxOf(panel, width);
    if (panel.type === "row")
      return textAt(box.x, box.y + 17, panel.title, { size: 14, bold: true, color: COLORS.title });
    const found = data.get(panel.id) ?? { series: [], logs: [], exemplars: [] };
    const inside = insideOf(box);
    return [
      `<g transform="translate(${box.x},${box.y})" data-panel="${panel.id}">`,
      `<title>${escapeXml(panel.description ?? panel.title)}</title>`,
      `<rect width="${box.width}" height="${box.height}" rx="4" fill="${COLORS.panel}" stroke="${COLORS.border}"/>`,
      textAt(10, 18, panel.title, { size: 12, bold: true, color: COLORS.title }),
      `<g transform="translate(0,${TITLE})">${panelBody(panel, found, range, inside, draw, marks)}</g>`,
      "</g>",
    ].join("");
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="${FONT}">`,
    `<rect width="${width}" height="${height}" fill="${COLORS.page}"/>`,
    textAt(GAP, 28, board.title, { size: 18, bold: true, color: COLORS.title }),
    textAt(width / 2, 28, cut(marksText(marks), width / 2 - 100, 11), {
      size: 11,
      color: COLORS.faint,
      anchor: "middle",
    }),
    textAt(width - GAP, 28, `${from} to ${to} UTC`, { size: 12, color: COLORS.faint, anchor: "end" }),
    ...body,
    "</svg>",
  ].join("\n");
}

/** What happened, in words: the lines through the charts have no room for them. */
export const marksText = (marks: readonly Mark[]) =>
  marks.map(({ from, text }) => `${new Date(from * 1000).toISOString().slice(11, 16)} ${text}`).join("  ·  ");
