import { colorAt } from "./charts.ts";
import { COLORS, colorOf, cut, empty, reducedValue, round, type Size, textAt } from "./look.ts";
import { type LogLine, type PanelData, PanelError, type PanelJson, type Range, type Series } from "./model.ts";
import { stateTimeline } from "./state-timeline.ts";
import { table } from "./table.ts";
import { format } from "./units.ts";

const NO_RANGE: Range = { from: 0, to: 1 };

/** The inside of a panel that is text and simple shapes, as SVG from 0,0. */
export function textPanel(panel: PanelJson, data: PanelData, size: Size, range: Range = NO_RANGE): string {
  switch (panel.type) {
    case "stat":
      return stat(panel, data, size);
    case "table":
      return table(panel, data, size);
    case "state-timeline":
      return stateTimeline(panel, data, size, range);
    case "logs":
      return logs(data.logs, size);
    default:
      throw new PanelError(panel, `type "${panel.type}" is not known`);
  }
}

/** One number, or a row for each where there are several. */
function stat(panel: PanelJson, { series }: PanelData, { width, height }: Size): string {
  if (series.length === 0) return empty("no data", { width, height });
  if (series.length > 1) return statRows(panel, series, { width, height });
  const [one] = series as [Series];
  const { text, color } = written(panel, one);
  const size = Math.min(40, (width * 1.5) / Math.max(4, text.length));
  const trend = panel.options?.graphMode === "area" ? sparkline(one, color, { width, height }) : "";
  return (
    trend +
    textAt(width / 2, height / 2 + size / 3 - (trend ? 14 : 0), text, { size, color, anchor: "middle", bold: true })
  );
}

function statRows(panel: PanelJson, series: Series[], { width, height }: Size): string {
  const step = Math.min(34, height / series.length);
  const top = (height - step * series.length) / 2;
  return series
    .map((one, n) => {
      const y = top + step * n + step / 2 + 6;
      const { text, color } = written(panel, one);
      const name = cut(one.name, width * 0.55, 13);
      return (
        textAt(10, y, name, { size: 13 }) + textAt(width - 10, y, text, { size: 18, color, anchor: "end", bold: true })
      );
    })
    .join("");
}

function written(panel: PanelJson, series: Series): { text: string; color: string } {
  const { unit, decimals, mappings } = panel.fieldConfig?.defaults ?? {};
  const value = reducedValue(panel, series);
  if (value === undefined) return { text: "no data", color: COLORS.faint };
  const word = mappings?.find(({ type }) => type === "value")?.options[String(value)];
  if (word) return { text: word.text, color: colorOf(word.color) };
  return { text: format(value, unit, decimals), color: colorAt(panel, value) };
}

function sparkline({ points }: Series, color: string, { width, height }: Size): string {
  const known = points.filter(([, value]) => Number.isFinite(value));
  const first = known[0]?.[0] ?? 0;
  const span = (known.at(-1)?.[0] ?? 1) - first || 1;
  const top = Math.max(...known.map(([, value]) => value), Number.MIN_VALUE);
  const at = known.map(
    ([time, value]) => `${round(((time - first) / span) * width)},${round(height - (value / top) * height * 0.35)}`,
  );
  if (at.length < 2) return "";
  return `<polygon points="0,${height} ${at.join(" ")} ${width},${height}" fill="${color}" fill-opacity="0.12"/><polyline points="${at.join(" ")}" fill="none" stroke="${color}" stroke-width="1.5"/>`;
}

const LINE = 19;
const TIME_WIDTH = 118;
const LEVELS: Record<string, string> = {
  error: COLORS.bad,
  fatal: COLORS.bad,
  warn: COLORS.warning,
  info: COLORS.good,
};

function logs(lines: LogLine[], { width, height }: Size): string {
  if (lines.length === 0) return empty("no incidents", { width, height });
  return lines
    .slice(0, Math.floor((height - 4) / LINE))
    .map((line, n) => {
      const y = 14 + LINE * n;
      const time = new Date(Number(line.time.slice(0, -6))).toISOString().slice(5, 19).replace("T", " ");
      const color = LEVELS[line.labels.detected_level ?? line.labels.level ?? ""] ?? COLORS.faint;
      const bar = `<rect x="4" y="${y - 10}" width="3" height="13" fill="${color}"/>`;
      return (
        bar +
        textAt(12, y, time, { size: 11, color: COLORS.faint }) +
        textAt(12 + TIME_WIDTH, y, cut(summary(line), width - TIME_WIDTH - 20, 11), { size: 11 })
      );
    })
    .join("");
}

/** Structured lines are long: who, what and the summary are read first. */
function summary({ labels, text }: LogLine): string {
  try {
    const fields = JSON.parse(text) as Record<string, unknown>;
    const parts = [
      labels.service_name,
      fields.severity,
      fields.alert,
      fields.msg === "alert" ? fields.status : fields.msg,
      fields.summary ?? fields.code,
    ];
    return parts.filter((part) => typeof part === "string" && part !== "").join(" · ");
  } catch {
    return text;
  }
}
