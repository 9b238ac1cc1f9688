import type { DrawChart } from "./board.ts";
import { chartOption } from "./charts.ts";
import { echarts } from "./echarts.ts";

/** Draws a chart without a browser. */
export const drawToText: DrawChart = (panel, data, range, { width, height }, marks) => {
  const chart = echarts.init(null, null, { renderer: "svg", ssr: true, width, height });
  try {
    chart.setOption(chartOption(panel, data, range, marks));
    return withOwnIds(chart.renderToSVGString(), `p${panel.id}`);
  } finally {
    // An instance that is left keeps Node from ending.
    chart.dispose();
  }
};

/**
 * Ids and classes count up from one instance to the next. Numbered anew in the order of their appearance they are the same
 * each time; the prefix keeps those of two panels apart.
 */
function withOwnIds(svg: string, prefix: string): string {
  const names = new Map<string, string>();
  return svg.replaceAll(/zr\d+-[a-z]+-?\d+/g, (name) => {
    const known = names.get(name) ?? `${prefix}-${names.size}`;
    names.set(name, known);
    return known;
  });
}
