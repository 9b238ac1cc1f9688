import type { Target } from "@media/drills/stack";
import { hydrated, PHONE, startBrowser } from "../host/browser.ts";

/** Lighthouse's mobile preset, applied by the browser: a mid-range phone on slow 4G (its `mobileSlow4G`, CPU slowed four times). */
const SLOWDOWN = 4;
const NETWORK = {
  latency: 150 * 3.75,
  download: (1_638.4 * 0.9 * 1_000) / 8,
  upload: (750 * 0.9 * 1_000) / 8,
};
const WAIT_MS = 60_000;

/** What the browser's own time line has, in milliseconds. */
export interface Timeline {
  readonly paints: readonly number[];
  readonly shifts: readonly number[];
  readonly events: readonly { readonly interaction: number; readonly duration: number }[];
  /** Bodies of scripts as they came. */
  readonly scriptBytes: number;
}

export interface Visit {
  readonly lcpSeconds: number;
  readonly inpMilliseconds: number;
  /** All shifts of the visit that no input caused. The metric takes the worst window of them, so it is no higher. */
  readonly cls: number;
  readonly scriptKilobytes: number;
}

/** @throws where a part of the time line is missing, so that nothing was measured */
export function visitOf({ paints, shifts, events, scriptBytes }: Timeline): Visit {
  const interactions = new Map<number, number>();
  for (const { interaction, duration } of events)
    interactions.set(interaction, Math.max(duration, interactions.get(interaction) ?? 0));
  const last = paints.at(-1);
  if (last === undefined) throw new Error("no largest paint was seen");
  if (interactions.size === 0) throw new Error("no interaction was seen");
  if (scriptBytes === 0) throw new Error("no script was seen");
  return {
    lcpSeconds: last / 1_000,
    // With fewer than fifty interactions it is the slowest.
    inpMilliseconds: Math.max(...interactions.values()),
    cls: shifts.reduce((sum, shift) => sum + shift, 0),
    scriptKilobytes: scriptBytes / 1_000,
  };
}

/** Opens the first page on an emulated phone with nothing in its cache, searches, and reads what the browser measured. */
export async function phoneVisit(target: Target): Promise<Visit> {
  const { browser, stop } = await startBrowser(target);
  try {
    const page = await browser.newPage();
    await page.setViewport(PHONE);
    await page.evaluateOnNewDocument(OBSERVE);
    await page.emulateCPUThrottling(SLOWDOWN);
    await page.emulateNetworkConditions(NETWORK);
    await page.goto(target.gatewayUrl, { waitUntil: "load", timeout: WAIT_MS });
    await hydrated(page);
    // Before the first input: an input ends the search for the largest paint. What loads later is no script of the page.
    const scriptBytes = (await page.evaluate(SCRIPT_BYTES)) as number;
    await page.tap("input[name=query]");
    await page.type("input[name=query]", "matrix");
    await page.tap("search button[type=submit]");
    await page.waitForSelector("ul.titles[aria-busy=false] li", { timeout: WAIT_MS });
    await page.waitForNetworkIdle({ timeout: WAIT_MS });
    return visitOf({ ...((await page.evaluate("window.seen")) as Omit<Timeline, "scriptBytes">), scriptBytes });
  } finally {
    await stop();
  }
}

// Texts, since the browser runs them and this program's compiler knows no DOM.

const OBSERVE = `
  window.seen = { paints: [], shifts: [], events: [] };
  const observe = (type, keep, more = {}) =>
    new PerformanceObserver((list) => list.getEntries().forEach(keep)).observe({ type, buffered: true, ...more });
  observe("largest-contentful-paint", ({ startTime }) => seen.paints.push(startTime));
  observe("layout-shift", ({ value, hadRecentInput }) => hadRecentInput || seen.shifts.push(value));
  for (const type of ["event", "first-input"])
    observe(type, ({ interactionId, duration }) => interactionId && seen.events.push({ interaction: interactionId, duration }), { durationThreshold: 16 });
`;

const SCRIPT_BYTES = `
  fetch(location.href).then((answer) => answer.text()).then((html) => {
    const named = [...new DOMParser().parseFromString(html, "text/html").querySelectorAll("script[src]:not([nomodule])")].map(({ src }) => src);
    return performance.getEntriesByType("resource")
      .filter(({ name }) => named.includes(name))
      .reduce((sum, { encodedBodySize }) => sum + encodedBodySize, 0);
  })
`;
