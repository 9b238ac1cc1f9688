import { describe, expect, test } from "@jest/globals";
import { dashboards } from "../boards/index.ts";
import { SAMPLE_TIME, sampleAnswers, samplePicture } from "../sample.ts";
import { snapshot, toPng } from "../snapshot.ts";
import { chartOption, colorAt } from "./charts.ts";
import { type Ask, fetchPanel, interpolate } from "./fetch.ts";
import { reducedValue } from "./look.ts";
import type { BoardJson, PanelJson } from "./model.ts";
import { textPanel } from "./text.ts";
import { format } from "./units.ts";

const AT = { prometheusUrl: "http://prometheus", lokiUrl: "http://loki" };
const NOW = SAMPLE_TIME;
const board = dashboards()["real-time"] as unknown as BoardJson;

describe("a dashboard as a picture", () => {
  test("has every panel of the specification, each with its data", async () => {
    const { svg, empty } = await snapshot(board, NOW, AT, sampleAnswers);
    expect(empty).toEqual([]);
    for (const { title, type } of board.panels) if (type !== "row") expect(svg).toContain(`>${title}</text>`);
    expect(svg).toContain("critical · NodeDiskFull · firing · &lt;full&gt;");
    expect(svg).not.toMatch(/NaN|undefined/);
  });

  test("is the same for the same data, to the byte, and another for other data", async () => {
    const [first, second] = [
      await snapshot(board, NOW, AT, sampleAnswers),
      await snapshot(board, NOW, AT, sampleAnswers),
    ];
    expect(second.svg).toBe(first.svg);
    expect(Buffer.compare(toPng(first.svg), toPng(second.svg))).toBe(0);
    expect((await snapshot(board, NOW + 60, AT, sampleAnswers)).svg).not.toBe(first.svg);
  });

  test("without a stack is drawn with made-up numbers: every board of ours", async () => {
    for (const one of Object.values(dashboards()) as unknown as BoardJson[]) {
      const { svg } = await snapshot(one, NOW, AT, sampleAnswers);
      expect([one.uid, /is not known|<text[^>]*>undefined/.test(svg)]).toEqual([one.uid, false]);
    }
    expect(
      Buffer.from(await samplePicture(board))
        .subarray(1, 4)
        .toString(),
    ).toBe("PNG");
  });

  test("says in its panel what a data source answered, and draws the others", async () => {
    const broken: Ask = (url) =>
      url.includes("node_boot") ? Promise.reject(new Error("503 from prometheus")) : sampleAnswers(url);
    const { svg, empty } = await snapshot(board, NOW, AT, broken);
    expect(empty).toEqual(["System Uptime"]);
    expect(svg).toContain("503 from");
  });

  test("calls a panel empty whose series have no number", async () => {
    const nothing: Ask = async (url) =>
      url.includes("query_exemplars")
        ? { data: [] }
        : { data: { result: [{ metric: {}, stream: {}, value: [NOW, "NaN"], values: [] }] } };
    expect((await snapshot(board, NOW, AT, nothing)).empty).toHaveLength(
      board.panels.filter(({ type }) => type !== "row").length,
    );
  });
});

describe("what is not known is an error with its place", () => {
  const panel = (change: Partial<PanelJson>): PanelJson => ({ ...(board.panels[1] as PanelJson), ...change });
  const data = {
    series: [{ name: "a", labels: {}, points: [[NOW, 1]] as [number, number][] }],
    logs: [],
    exemplars: [],
  };

  test.each([
    [
      "a panel type",
      () => chartOption(panel({ type: "heatmap" }), data, { from: 0, to: 1 }),
      'panel 2 "CPU Usage": type "heatmap"',
    ],
    ["a type of text", () => textPanel(panel({ type: "news" }), data, { width: 1, height: 1 }), 'type "news"'],
    ["a unit", () => format(1, "furlongs"), 'unit "furlongs" is not known'],
    [
      "a reducer",
      () => reducedValue(panel({ options: { reduceOptions: { calcs: ["p99"] } } }), data.series[0]),
      'reducer "p99"',
    ],
    [
      "a transformation",
      () =>
        textPanel(
          panel({
            type: "table",
            transformations: [{ id: "joinByField", options: { indexByName: {}, renameByName: {} } }],
          }),
          data,
          { width: 1, height: 1 },
        ),
      'transformation "joinByField"',
    ],
  ])("%s", (_, act, message) => expect(act).toThrow(message));
});

test.each([
  [0.8123, "percentunit", undefined, "81.2 %"],
  [0.00291, "s", undefined, "2.91 ms"],
  [0.0000042, "s", undefined, "4 µs"],
  [93_784, "dtdhms", undefined, "1 d 02:03:04"],
  [1_536, "bytes", undefined, "1.50 KiB"],
  [1_234_567, "short", undefined, "1.23 Mil"],
  [3, "reqps", 2, "3.00 req/s"],
  [Number.NaN, "s", undefined, "no data"],
])("%d as %s is written so", (value, unit, decimals, text) => expect(format(value, unit, decimals)).toBe(text));

test("colors change on the threshold itself", () => {
  const cpu = board.panels[1] as PanelJson;
  const colors = [0.849, 0.85, 0.95].map((value) => colorAt(cpu, value));
  expect(new Set(colors).size).toBe(3);
});

test("Grafana's variables are filled in, and a rate has at least four scrapes", () => {
  expect(interpolate("rate(a[$__rate_interval]) + increase(a[$__range])", { from: 0, to: 3600 })).toBe(
    "rate(a[80s]) + increase(a[3600s])",
  );
});

test("another stack is asked where one is named; the control: it is left out, and this stack is not taken for it", async () => {
  const panels = (dashboards().comparison as unknown as BoardJson).panels;
  const panel = panels.find(({ title }) => title === "Traffic, by Stack") as BoardJson["panels"][number];
  const askedOf = async (at: object) => {
    const asked: string[] = [];
    await fetchPanel(panel, { from: NOW - 60, to: NOW }, { ...AT, ...at }, async (url) => {
      asked.push(new URL(url).host);
      return { data: { result: [] } };
    });
    return asked;
  };
  expect(await askedOf({ otherPrometheusUrl: "http://other" })).toEqual(["prometheus", "other"]);
  expect(await askedOf({})).toEqual(["prometheus"]);
});

test("a panel with a time of its own asks for that", async () => {
  const asked: string[] = [];
  const panel = board.panels.find(({ type }) => type === "logs") as PanelJson;
  await fetchPanel(panel, { from: NOW - 60, to: NOW }, AT, (url) => {
    asked.push(url);
    return sampleAnswers(url);
  });
  expect(asked[0]).toContain(`start=${NOW - 86_400}000000000`);
});
