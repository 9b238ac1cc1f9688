import { PanelError, type PanelJson, type Series } from "./model.ts";

/** Colors and measures of all panels. */
export const COLORS = {
  page: "#f4f5f5",
  panel: "#ffffff",
  border: "#e0e2e6",
  line: "#e9ebee",
  title: "#1f2430",
  text: "#3a4150",
  faint: "#69707d",
  good: "#2b8a3e",
  warning: "#b7791f",
  bad: "#c92a2a",
  link: "#6741d9",
} as const;

export const PALETTE = ["#1c6dd0", "#2b8a3e", "#d9730d", "#9c36b5", "#0b7285", "#c92a2a", "#5c6470", "#a67c00"];
export const FONT = "DejaVu Sans, Verdana, sans-serif";

/** One unit of the grid's height and the gap between panels, in pixels. */
export const CELL = 30;
export const GAP = 8;
export const TITLE = 26;

const NAMED: Record<string, string> = { green: COLORS.good, red: COLORS.bad, "#EAB839": COLORS.warning };

export const colorOf = (name: string) => NAMED[name] ?? name;

/** The series as one number, by the panel's reducer. An unknown reducer is an error. */
export function reducedValue(panel: PanelJson, series: Series | undefined): number | undefined {
  const [calc = "lastNotNull"] = panel.options?.reduceOptions?.calcs ?? [];
  const values = (series?.points ?? []).map(([, value]) => value).filter(Number.isFinite);
  switch (calc) {
    case "lastNotNull":
      return values.at(-1);
    case "max":
      return values.length > 0 ? Math.max(...values) : undefined;
    case "mean":
      return values.length > 0 ? values.reduce((sum, value) => sum + value, 0) / values.length : undefined;
    default:
      throw new PanelError(panel, `reducer "${calc}" is not known; take lastNotNull, max or mean`);
  }
}

const ENTITIES: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
export const escapeXml = (text: string) =>
  // Control characters have no place in XML.
  text.replaceAll(/[&<>"]/g, (sign) => ENTITIES[sign] as string).replaceAll(/\p{Cc}/gu, " ");

/** SVG does not cut text: this does, by the mean width of a letter. */
export function cut(text: string, width: number, size: number): string {
  const fits = Math.max(1, Math.floor(width / (size * 0.6)));
  return text.length <= fits ? text : `${text.slice(0, Math.max(1, fits - 1))}…`;
}

export interface Style {
  size?: number;
  color?: string;
  anchor?: "start" | "middle" | "end";
  bold?: boolean;
}

export function textAt(
  x: number,
  y: number,
  text: string,
  { size = 12, color = COLORS.text, anchor = "start", bold = false }: Style = {},
): string {
  const weight = bold ? ' font-weight="bold"' : "";
  return `<text x="${round(x)}" y="${round(y)}" font-size="${size}" fill="${color}" text-anchor="${anchor}"${weight}>${escapeXml(text)}</text>`;
}

export interface Size {
  width: number;
  height: number;
}

/** What a panel without data says. */
export const empty = (words: string, { width, height }: Size) =>
  textAt(width / 2, height / 2 + 5, words, { anchor: "middle", color: COLORS.faint, size: 14 });

export const round = (value: number) => Math.round(value * 100) / 100;
