import { setTimeout as sleep } from "node:timers/promises";
import { rollingRestart } from "@media/drills/faults/rolling-restart";
import { type Target, targetOf } from "@media/drills/stack";
import type { Browser } from "puppeteer-core";
import { recordValues } from "../bench/figures.ts";
import type { Layout } from "../cluster/layout.ts";
import { hydrated, startBrowser } from "../host/browser.ts";
import { PAGES } from "../host/web-pages.ts";
import { UserError } from "../lib/errors.ts";
import { say } from "../lib/progress.ts";
import { access } from "../stack/access.ts";
import { useEnvironment } from "../stack/environment.ts";
import { makeUp } from "./kills.ts";

/** Browser tabs that go from page to page all the time, each with an empty cache of its own. */
const TABS = 3;
const PAUSE_MS = 200;
/** Failures that are shown in full. */
const SHOWN = 20;

/**
 * Restarts the front end again and again, pod by pod, while browsers load its pages. A navigation fails where the document
 * does not come, or where its scripts do not take over: a page of one version that gets no scripts of its own.
 *
 * @param count how many rolling restarts
 */
export async function webRestarts(layout: Layout, count: number): Promise<void> {
  useEnvironment(layout, "dev");
  const { problems } = await makeUp(layout);
  if (problems.length > 0) throw new UserError(problems.join("; "), "make up NAME=soak, and read its error");
  const stack = access({ layout, name: "dev" });
  const target = await targetOf(stack);
  const { browser, stop } = await startBrowser(target);
  const load = browse(target, browser);
  try {
    for (let n = 1; n <= count; n++) {
      await rollingRestart(stack, ["deployment/web"]);
      say(`rolling restart ${n} of ${count}: ${load.navigations()} navigations, ${load.failures.length} failed`);
    }
    await load.stop();
  } finally {
    await stop();
  }
  for (const failure of load.failures.slice(0, SHOWN)) say(failure);
  const navigations = load.navigations();
  if (navigations < count) throw new Error(`only ${navigations} navigations: that was no load`);
  const name = `web: failed navigations over ${count} rolling restarts of the front end under browser load`;
  await recordValues({ name, unit: "navigations", bound: 0 }, [load.failures.length]);
  if (load.failures.length > 0) process.exitCode = 1;
}

/** Tabs that load one page after the other until they are stopped. */
export function browse({ gatewayUrl }: Pick<Target, "gatewayUrl">, browser: Browser) {
  const failures: string[] = [];
  let navigations = 0;
  let going = true;
  const tab = async (first: number) => {
    for (let n = first; going; n++) {
      const path = PAGES[n % PAGES.length] as string;
      // A context of its own: nothing is in its cache.
      const context = await browser.createBrowserContext();
      const page = await context.newPage();
      const errors: string[] = [];
      page.on("pageerror", (error) => errors.push(String(error)));
      try {
        const answer = await page.goto(`${gatewayUrl}${path}`, { waitUntil: "load" });
        if (answer?.status() !== 200) throw new Error(`answered ${answer?.status()}`);
        await hydrated(page);
        if (errors.length > 0) throw new Error(errors.join());
      } catch (error) {
        failures.push(`${new Date().toISOString()} ${path}: ${String(error)}`);
      }
      navigations += 1;
      await context.close();
      await sleep(PAUSE_MS);
    }
  };
  const tabs = Array.from({ length: TABS }, (_, n) => tab(n));
  return {
    failures,
    navigations: () => navigations,
    async stop() {
      going = false;
      await Promise.all(tabs);
    },
  };
}
