/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
import { fetchMarks, type Mark } from "../draw/annotations.ts";
import { boxOf, insideOf, marksText, panelBody } from "../draw/board.ts";
import { CHARTS, chartOption } from "../draw/charts.ts";
import { echarts } from "../draw/echarts.ts";
import { askByHttp, fetchPanel } from "../draw/fetch.ts";
import { FONT } from "../draw/look.ts";
import { type BoardJson, duration, type PanelData, type PanelJson, type Range, rangeOf } from "../draw/model.ts";
import { type Picked, type Picker, pickedOf, pickersOf } from "../draw/variables.ts";
import { showTrace } from "./trace.ts";

const AT = { prometheusUrl: "/prometheus", lokiUrl: "/loki", otherPrometheusUrl: "/other" };
const RANGES = ["15m", "1h", "6h", "24h", "7d", "14d"];

const element = <E extends HTMLElement>(id: string) => document.getElementById(id) as E;
const boards = (await askByHttp("/boards.json")) as Record<string, BoardJson>;

/** The address keeps the dashboard, the time and what is picked, so that a link shows the same. */
function asked(): { board: BoardJson; from: string; wanted: Picked } {
  const at = new URLSearchParams(location.hash.slice(1));
  const board = boards[at.get("board") ?? ""] ?? (Object.values(boards)[0] as BoardJson);
  const wanted = [...at].filter(([name]) => name.startsWith("var-")).map(([name, value]) => [name.slice(4), value]);
  return { board, from: at.get("from") ?? board.time.from, wanted: Object.fromEntries(wanted) };
}

function linkTo(uid: string, from: string, wanted: Picked): string {
  const picked = Object.entries(wanted).map(([name, value]) => [`var-${name}`, value]);
  return `#${new URLSearchParams([["board", uid], ["from", from], ...picked])}`;
}

type Chart = ReturnType<typeof echarts.init>;
const charts = new Map<number, Chart>();

function layOut(board: BoardJson, width: number): void {
  for (const chart of charts.values()) chart.dispose();
  charts.clear();
  const main = element("board");
  main.replaceChildren();
  let bottom = 0;
  for (const panel of board.panels) {
    const box = boxOf(panel, width);
    const node = document.createElement(panel.type === "row" ? "h2" : "section");
    // The header of the page takes the place of the picture's.
    Object.assign(node.style, { left: `${box.x}px`, top: `${box.y - 44}px`, width: `${box.width}px` });
    bottom = Math.max(bottom, box.y + box.height);
    if (panel.type === "row") node.textContent = panel.title;
    else {
      node.style.height = `${box.height}px`;
      node.id = `panel-${panel.id}`;
      const title = document.createElement("h3");
      title.textContent = panel.title;
      title.title = panel.description ?? "";
      const body = document.createElement("div");
      node.append(title, body);
    }
    main.append(node);
  }
  main.style.height = `${bottom}px`;
}

function draw(panel: PanelJson, data: PanelData, range: Range, marks: readonly Mark[]): void {
  const body = document.querySelector<HTMLDivElement>(`#panel-${panel.id} > div`);
  if (!body) return;
  const size = insideOf(boxOf(panel, width));
  if (CHARTS.includes(panel.type) && data.series.length > 0 && !data.error) {
    const chart = charts.get(panel.id) ?? newChart(panel, body, size);
    chart.setOption(chartOption(panel, data, range, marks), { notMerge: true });
    return;
  }
  charts.get(panel.id)?.dispose();
  charts.delete(panel.id);
  const inside = panelBody(panel, data, range, size, () => "");
  body.innerHTML = `<svg xmlns="http://www.w3.org/2000/svg" width="${size.width}" height="${size.height}" font-family="${FONT}" role="img" aria-label="${panel.type}">${inside}</svg>`;
}

function newChart(panel: PanelJson, body: HTMLElement, size: { width: number; height: number }): Chart {
  body.replaceChildren();
  const chart = echarts.init(body, null, { renderer: "svg", ...size });
  // One crosshair through all lines over time.
  if (panel.type === "timeseries") chart.group = "time";
  chart.on("click", (event) => {
    const { traceId } = (event.data ?? {}) as { traceId?: string };
    if (traceId) void showTrace(element<HTMLDialogElement>("trace"), traceId);
  });
  charts.set(panel.id, chart);
  return chart;
}

let width = 0;
let drawn = "";

async function refresh(): Promise<void> {
  const { board, from, wanted } = asked();
  const key = `${board.uid} ${innerWidth}`;
  if (key !== drawn) {
    width = Math.max(700, document.documentElement.clientWidth);
    layOut(board, width);
    drawn = key;
  }
  const started = performance.now();
  const range = rangeOf(from, Math.floor(Date.now() / 1000));
  element("title").textContent = board.title;
  const panels = board.panels.filter(({ type }) => type !== "row");
  const pickers = await pickersOf(board, wanted, range, AT, askByHttp);
  showPickers(pickers);
  const picked = pickedOf(board, pickers);
  const [marks, ...answers] = await Promise.all([
    fetchMarks(board, range, AT, askByHttp),
    ...panels.map((panel) => fetchPanel(panel, range, AT, askByHttp, picked)),
  ]);
  const asking = performance.now() - started;
  for (const [n, panel] of panels.entries()) draw(panel, answers[n] as PanelData, range, marks);
  element("marks").textContent = marksText(marks);
  echarts.connect("time");
  const failed = answers.filter(({ error }) => error).length;
  const drawing = performance.now() - started - asking;
  element("state").textContent =
    `${new Date().toISOString().slice(11, 19)} UTC, asked ${Math.round(asking)} ms, drawn ${Math.round(drawing)} ms${failed > 0 ? `, ${failed} panels failed` : ""}`;
}

/** What is picked goes into the address, which draws anew. */
function showPickers(pickers: readonly Picker[]): void {
  const key = JSON.stringify(pickers);
  const form = element("pickers");
  if (form.dataset.key === key) return;
  form.dataset.key = key;
  const labels = pickers.map(({ name, label, options, value }) => {
    const select = document.createElement("select");
    select.append(...options.map((option) => new Option(option, option, false, option === value)));
    select.addEventListener("change", () => {
      const { board, from, wanted } = asked();
      location.hash = linkTo(board.uid, from, { ...wanted, [name]: select.value });
    });
    const node = document.createElement("label");
    node.append(`${label} `, select);
    return node;
  });
  form.replaceChildren(...labels);
}

function choose(): void {
  const { board, from, wanted } = asked();
  const select = element<HTMLSelectElement>("range");
  const current = from.replace("now-", "");
  select.replaceChildren(
    ...[...new Set([...RANGES, current])].map((text) => new Option(text, `now-${text}`, false, text === current)),
  );
  const links = Object.values(boards).map((one) => {
    const link = document.createElement("a");
    link.textContent = one.title;
    link.href = linkTo(one.uid, from, wanted);
    if (one.uid === board.uid) link.setAttribute("aria-current", "page");
    return link;
  });
  element("boards").replaceChildren(...links);
}

element<HTMLSelectElement>("range").addEventListener("change", (event) => {
  const { board, wanted } = asked();
  location.hash = linkTo(board.uid, (event.target as HTMLSelectElement).value, wanted);
});
addEventListener("hashchange", () => {
  choose();
  void refresh();
});
addEventListener("resize", () => void refresh());
choose();
await refresh();
setInterval(
  () => {
    if (element<HTMLInputElement>("refresh").checked && !document.hidden) void refresh();
  },
  duration(asked().board.refresh ?? "10s") * 1000,
);
