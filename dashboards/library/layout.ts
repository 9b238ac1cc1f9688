/** Where a panel is on the grid of 24 columns. */
export interface Place {
  x: number;
  y: number;
  w: number;
  h: number;
}

const COLUMNS = 24;

/**
 * From left to right, in lines that are as wide as the grid: where a line's panels do not fill it, all become wider alike.
 * All panels of a line are as high as the highest.
 */
export function layOut<P extends { type: string; gridPos?: { w: number; h: number } }>(panels: readonly P[]): Place[] {
  const places: Place[] = [];
  let y = 0;
  let line: Place[] = [];
  const end = () => {
    const sum = line.reduce((all, { w }) => all + w, 0);
    const height = Math.max(0, ...line.map(({ h }) => h));
    let x = 0;
    line.forEach((place, n) => {
      const w = n === line.length - 1 ? COLUMNS - x : Math.floor((place.w * COLUMNS) / sum);
      places.push({ x, y, w, h: height });
      x += w;
    });
    y += height;
    line = [];
  };
  for (const { type, gridPos = { w: 6, h: 6 } } of panels) {
    const width = type === "row" ? COLUMNS : gridPos.w;
    const used = line.reduce((all, { w }) => all + w, 0);
    if (type === "row" || used + width > COLUMNS) end();
    line.push({ x: 0, y: 0, w: width, h: type === "row" ? 1 : gridPos.h });
    if (type === "row") end();
  }
  end();
  return places;
}
