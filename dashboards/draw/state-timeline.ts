import { colorAt } from "./charts.ts";
import { COLORS, colorOf, cut, empty, round, type Size, textAt } from "./look.ts";
import type { PanelData, PanelJson, Range } from "./model.ts";

const NAME_WIDTH = 150;
const AXIS = 20;

/** A row for each series, with a bar for each stretch of one value. */
export function stateTimeline(panel: PanelJson, { series }: PanelData, size: Size, range: Range): string {
  if (series.length === 0) return empty("no data", size);
  const step = Math.min(34, (size.height - AXIS) / series.length);
  const width = size.width - NAME_WIDTH - 12;
  const words = panel.fieldConfig?.defaults.mappings?.find(({ type }) => type === "value")?.options ?? {};
  const x = (time: number) => round(NAME_WIDTH + ((time - range.from) / (range.to - range.from)) * width);
  const rows = series.map(({ name, points }, n) => {
    const y = round(n * step + 3);
    const bars = stretchesOf(points).map(({ from, to, value }) => {
      const word = words[String(value)];
      const color = word ? colorOf(word.color) : colorAt(panel, value);
      const wide = Math.max(1, x(to) - x(from));
      const bar = `<rect x="${x(from)}" y="${y}" width="${round(wide)}" height="${round(step - 6)}" fill="${color}" fill-opacity="0.75"/>`;
      const text = word?.text ?? String(value);
      return wide > text.length * 7 + 8
        ? bar + textAt(x(from) + 5, y + step / 2 + 1, text, { size: 11, color: "#ffffff" })
        : bar;
    });
    return textAt(10, y + step / 2 + 1, cut(name, NAME_WIDTH - 16, 11), { size: 11 }) + bars.join("");
  });
  const clock = (time: number) => new Date(time * 1000).toISOString().slice(11, 16);
  const ticks = [0, 0.25, 0.5, 0.75, 1].map((share) => {
    const time = range.from + share * (range.to - range.from);
    return textAt(Math.min(x(time), size.width - 20), size.height - 6, clock(time), {
      size: 10,
      color: COLORS.faint,
      anchor: "middle",
    });
  });
  return rows.join("") + ticks.join("");
}

/** Neighbouring points of one value as one stretch, until the next value begins; a gap stays a gap. */
function stretchesOf(points: [number, number][]): { from: number; to: number; value: number }[] {
  const step = Math.min(...points.slice(1).map(([time], n) => time - (points[n]?.[0] ?? 0)), Number.MAX_SAFE_INTEGER);
  const stretches: { from: number; to: number; value: number }[] = [];
  for (const [time, value] of points) {
    const last = stretches.at(-1);
    const joined = last !== undefined && time - last.to <= step * 1.5;
    if (joined && last.value === value) last.to = time;
    else {
      if (joined) last.to = time;
      stretches.push({ from: time, to: time, value });
    }
  }
  return stretches;
}
