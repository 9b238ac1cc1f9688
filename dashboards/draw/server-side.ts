import type { DrawChart } from "./board.ts";
import { chartOption } from "./charts.ts";
import { echarts } from "./echarts.ts";

/** Draws a chart without a browser. */
export const drawToText: DrawChart = (panel, data, range, { width, height }) => {
  const chart = echarts.init(null, null, { renderer: "svg", ssr: true, width, height });
  try {
    chart.setOption(chartOption(panel, data, range));
    // Its ids count up from one instance to the next: by the panel's number they are the same each time, and differ between panels.
    return chart.renderToSVGString().replaceAll(/zr\d+-/g, `p${panel.id}-`);
  } finally {
    // An instance that is left keeps Node from ending.
    chart.dispose();
  }
};
