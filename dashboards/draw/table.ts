import { COLORS, cut, empty, reducedValue, type Size, textAt } from "./look.ts";
import { type PanelData, PanelError, type PanelJson, type Series } from "./model.ts";
import { format } from "./units.ts";

const ROW = 22;
/** The column of the number, as Grafana calls it. */
const VALUE = "Value";

/** Series as rows, by the panel's "organize": labels and the number as columns. The largest number comes first. */
export function table(panel: PanelJson, { series }: PanelData, size: Size): string {
  const unknown = panel.transformations?.find(({ id }) => id !== "organize");
  if (unknown) throw new PanelError(panel, `transformation "${unknown.id}" is not known`);
  const { indexByName = {}, renameByName = {} } =
    panel.transformations?.find(({ id }) => id === "organize")?.options ?? {};
  if (series.length === 0) return empty("none", size);
  const columns = Object.entries(indexByName).sort((a, b) => a[1] - b[1]);
  // Columns that no row has would be empty.
  const names = columns
    .map(([name]) => name)
    .filter((name) => name === VALUE || series.some(({ labels }) => labels[name]));
  const width = size.width / names.length;
  const cells = (texts: string[], y: number, style: object) =>
    texts.map((text, n) => textAt(10 + width * n, y, cut(text, width - 14, 12), style)).join("");
  const heads = names.map((name) => renameByName[name] ?? name);
  const { unit, decimals } = panel.fieldConfig?.defaults ?? {};
  const numberOf = (one: Series) => reducedValue(panel, one) ?? Number.NEGATIVE_INFINITY;
  const ordered = names.includes(VALUE) ? series.toSorted((a, b) => numberOf(b) - numberOf(a)) : series;
  const cell = (one: Series, name: string) =>
    name === VALUE ? format(numberOf(one), unit, decimals) : (one.labels[name] ?? "");
  return (
    cells(heads, 16, { bold: true, color: COLORS.faint, size: 11 }) +
    ordered
      .slice(0, Math.floor(size.height / ROW) - 1)
      .map((one, n) =>
        cells(
          names.map((name) => cell(one, name)),
          16 + ROW * (n + 1),
          {},
        ),
      )
      .join("")
  );
}
