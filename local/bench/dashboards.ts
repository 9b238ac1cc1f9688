import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { dashboards as boards } from "@media/dashboards/boards";
import { sampleAnswers } from "@media/dashboards/sample";
import { serve } from "@media/dashboards/serve";
import type { Browser } from "puppeteer-core";
import { DESKTOP, startBrowser } from "../host/browser.ts";
import type { Group } from "./measure.ts";

const RUNS = 10;
const HOURS = 6;
/** Lines of a panel: as many as a stack has pods that answer a question. */
const LINES = 5;
const WAIT_MS = 60_000;
const KILOBYTES = 300;

/** What a browser has seen of one visit. */
export interface Drawing {
  /** Text of the page's status line, empty until it has drawn. */
  readonly state: string;
  /** Milliseconds from the navigation to that text. */
  readonly at: number;
  /** Of all files of the page, as they came: compressed. */
  readonly bytes: number;
}

/** Seconds of the drawing. @throws where a panel failed, so that less was drawn */
export function secondsOf({ state, at }: Pick<Drawing, "state" | "at">): number {
  if (!/drawn \d+ ms$/.test(state)) throw new Error(`the page has not drawn all panels: "${state}"`);
  return at / 1_000;
}

interface Board {
  readonly uid: string;
  readonly panels: readonly { readonly type: string }[];
}

/** The board with the most panels. Pure. */
export function largestOf(all: readonly Board[]): { uid: string; panels: number } {
  const counted = all.map(({ uid, panels }) => ({ uid, panels: panels.filter(({ type }) => type !== "row").length }));
  return counted.toSorted((a, b) => b.panels - a.panels)[0] ?? { uid: "", panels: 0 };
}

/** The page of `make dashboards` in the distribution's browser, with an empty cache each time. Needs no cluster. */
export const dashboards: Group = async (measure) => {
  const source = await standIn();
  const page = await serve({ prometheusUrl: source.url, lokiUrl: source.url, jaegerUrl: source.url });
  const { browser, stop } = await startBrowser();
  const { uid, panels } = largestOf(Object.values(boards()) as unknown as Board[]);
  const visit = () => drawn(browser, `${page.url}#board=${uid}&from=now-${HOURS}h`);
  const where = `dashboards, made-up data of ${HOURS} h:`;
  try {
    await measure({
      name: `${where} first drawing of the largest one (${uid}, ${panels} panels of ${LINES} lines), empty cache, headless Chromium`,
      unit: "s",
      runs: RUNS,
      once: async () => secondsOf(await visit()),
    });
    await measure({
      name: "dashboards: weight of the page, compressed, as a browser received it",
      unit: "KB",
      bound: KILOBYTES,
      runs: 1,
      once: async () => (await visit()).bytes / 1_000,
    });
  } finally {
    await stop();
    page.stop();
    source.stop();
  }
};

async function drawn(browser: Browser, url: string): Promise<Drawing> {
  const context = await browser.createBrowserContext();
  try {
    const page = await context.newPage();
    await page.setViewport(DESKTOP);
    await page.evaluateOnNewDocument(OBSERVE);
    await page.goto(url, { waitUntil: "load", timeout: WAIT_MS });
    await page.waitForFunction("window.drawing !== undefined", { timeout: WAIT_MS });
    return (await page.evaluate(DRAWING)) as Drawing;
  } finally {
    await context.close();
  }
}

/** Stands where Prometheus and Loki would: answers at once, so that what is measured is the page. */
async function standIn(): Promise<{ url: string; stop(): void }> {
  const server = createServer(async (req, res) => {
    const of = req.url?.startsWith("/loki/") ? "http://loki" : "http://prometheus";
    const answer = (await sampleAnswers(`${of}${req.url}`)) as { data: { result?: { metric?: object }[] } };
    const [first] = answer.data.result ?? [];
    if (first?.metric)
      answer.data.result = Array.from({ length: LINES }, (_, n) => ({
        ...first,
        metric: { ...first.metric, pod: `p${n}` },
      }));
    res.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(answer));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, stop: () => void server.close() };
}

// Texts, since the browser runs them and this program's compiler knows no DOM.

const OBSERVE = `
  new MutationObserver(() => {
    const state = document.getElementById("state")?.textContent;
    if (state && !window.drawing) window.drawing = { state, at: performance.now() };
  }).observe(document, { subtree: true, childList: true, characterData: true });
`;

const DRAWING = `({
  ...window.drawing,
  bytes: [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")]
    .filter(({ name }) => !/^\\/(prometheus|loki|jaeger)\\//.test(new URL(name).pathname) && name.startsWith("http"))
    .reduce((sum, { encodedBodySize }) => sum + encodedBodySize, 0),
})`;
