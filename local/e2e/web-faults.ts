import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { eventually } from "@media/drills/eventually";
import { setUpstreamFault } from "@media/drills/faults/upstream-failing";
import { kubectl, type Stack } from "@media/drills/stack";
import { journey } from "@media/drills/verify/journey";
import type { Page } from "puppeteer-core";
import { hydrated } from "../host/browser.ts";
import { PAGES } from "../host/web-pages.ts";
import { devAccess, MINUTE } from "./commands.ts";
import { fieldOf } from "./pods.ts";
import { faultsIn, SELECTOR_MS, WebSession } from "./web-session.ts";

/** What is gone, and what service/src/http/degradation.ts promises then. */
interface Fault {
  readonly name: string;
  /** Takes it away; returns how it comes back. */
  begin(stack: Stack): Promise<() => Promise<unknown>>;
  /** Pages that have to be as always: no error on them. */
  readonly asAlways: readonly string[];
  /** Pages that have to say something, while the user stays signed in. */
  readonly says?: Readonly<Record<string, RegExp>>;
  /** Whether a page that is loaded anew can renew the session. */
  readonly keepsSession: boolean;
}

const FAULTS: readonly Fault[] = [
  {
    name: "PostgreSQL",
    begin: (stack) => without(stack, "statefulset/postgres"),
    asAlways: ["/", "/titles/movie/603", "/library", "/status"],
    says: { "/requests": /Request id [0-9a-f]{32}/ },
    keepsSession: false,
  },
  {
    name: "the state Redis",
    begin: (stack) => without(stack, "statefulset/redis-state"),
    asAlways: PAGES,
    keepsSession: false,
  },
  {
    name: "the cache Redis",
    begin: (stack) => without(stack, "deployment/redis-cache"),
    asAlways: PAGES,
    keepsSession: true,
  },
  ...["tmdb", "plex", "youtube", "overseerr"].map(
    (service): Fault => ({
      name: service,
      begin: async (stack) => {
        await setUpstreamFault(stack, service, { errorRate: 1 });
        return () => setUpstreamFault(stack, service, {});
      },
      // A title's trailers and the library may come from the cache, or be said to be away.
      asAlways: ["/requests", "/plans", "/status", "/admin"],
      keepsSession: true,
    }),
  ),
];

/** Takes all pods of a workload away; returns how they come back. */
async function without(stack: Stack, workload: string): Promise<() => Promise<unknown>> {
  const replicas = await fieldOf(stack, workload, "{.spec.replicas}");
  const name = workload.split("/")[1];
  await kubectl(stack, ["scale", workload, "--replicas=0"]);
  await kubectl(stack, ["wait", "--for=delete", "pod", "-l", `app.kubernetes.io/name=${name}`, "--timeout=120s"]);
  return async () => {
    await kubectl(stack, ["scale", workload, `--replicas=${replicas}`]);
    await kubectl(stack, ["rollout", "status", workload, "--timeout=300s"]);
  };
}

/** The front end while what it needs is gone: each page says what is there and what is not, and none is blank. */
export function frontEndUnderFaults(stack = devAccess(), faults = FAULTS): void {
  describe("the front end without", () => {
    let web: WebSession;
    beforeAll(async () => {
      web = await WebSession.start(stack);
    }, 5 * MINUTE);
    afterAll(() => web?.stop());

    test.each(faults.map((fault) => [fault.name, fault] as const))(
      "%s: every page is there, says what is away, and is well again afterwards",
      async (_name, { begin, asAlways, says = {}, keepsSession }) => {
        const { page, complaints } = await web.openSignedIn();
        await settled(page);
        const end = await begin(stack);
        const problems: string[] = [];
        try {
          // From page to page, as a user does who has it open.
          for (const path of PAGES) {
            await followTo(page, path);
            problems.push(...(await problemsOf(page, `${path}, by a link`, asAlways.includes(path))));
            const wanted = says[path];
            const text = await textOf(page);
            if (wanted && !wanted.test(text)) problems.push(`${path} does not say ${wanted}: ${text}`);
          }
          // Loaded anew: the session has to be asked for.
          for (const path of PAGES) {
            await web.go(page, path);
            problems.push(...(await problemsOf(page, `${path}, loaded`, false)));
          }
          await web.go(page, "/requests");
          await settled(page);
          if (/session cannot be checked/.test(await textOf(page)) === keepsSession)
            problems.push(`/requests, loaded, says of the session: ${await textOf(page)}`);
        } finally {
          await end();
        }
        expect(problems).toEqual([]);
        expect(faultsIn(complaints)).toEqual([]);
        await eventually("the service to answer again", 240, () => journey(web.target));
        await eventually("the user's own requests", 60, async () => {
          await web.go(page, "/requests");
          expect(await problemsOf(page, "/requests, at the end", true)).toEqual([]);
        });
        await page.browserContext().close();
      },
      12 * MINUTE,
    );

    test(
      "nothing (the control): a page that is emptied is noticed",
      async () => {
        const { page } = await web.open("/plans");
        expect(await problemsOf(page, "/plans", true)).toEqual([]);
        await page.evaluate("document.querySelector('main').replaceChildren()");
        expect(await problemsOf(page, "/plans", true)).toEqual(["/plans is blank: "]);
        await page.browserContext().close();
      },
      2 * MINUTE,
    );
  });
}

/** As a link does it: without loading the document again. */
async function followTo(page: Page, path: string): Promise<void> {
  await page.evaluate(`(() => {
    const link = [...document.querySelectorAll("a")].find((a) => a.getAttribute("href") === ${JSON.stringify(path)});
    if (link) link.click();
  })()`);
  // A page without a link to it, such as a title's of the list, is opened by its address.
  const there = `location.pathname === ${JSON.stringify(path)}`;
  await page.waitForFunction(there, { timeout: 2_000 }).catch(() => page.goto(new URL(path, page.url()).href));
  await page.waitForFunction(there, { timeout: SELECTOR_MS });
}

/** Waits until nothing of the page is on its way any more; reads are repeated for some seconds. */
async function settled(page: Page): Promise<void> {
  await hydrated(page);
  await page.waitForFunction("!/Loading your|Looking for your/.test(document.body.innerText)", { timeout: MINUTE / 2 });
  // A socket that is refused asks again and again.
  await page.waitForNetworkIdle({ idleTime: 2_000, timeout: MINUTE / 2 }).catch(() => undefined);
}

const textOf = async (page: Page) => String(await page.evaluate("document.querySelector('main')?.innerText ?? ''"));

/** Why a user could not work with the page as it is. */
async function problemsOf(page: Page, what: string, asAlways: boolean): Promise<string[]> {
  await settled(page).catch((error: unknown) => `${what}: ${String(error)}`);
  const text = await textOf(page);
  const lines = text.split("\n").filter((line) => line.trim());
  // A heading alone is as good as nothing.
  if (lines.length < 2) return [`${what.replace(/,.*/, "")} is blank: ${text}`];
  const alerts = (await page.$$eval("[role=alert]", (all) => all.map((one) => one.textContent))).join();
  return asAlways && alerts ? [`${what} has an error: ${alerts}`] : [];
}
