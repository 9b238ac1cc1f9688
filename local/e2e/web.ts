import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { eventually } from "@media/drills/eventually";
import { setUpstreamFault } from "@media/drills/faults/upstream-failing";
import { call, json } from "@media/drills/verify/http";
import { hydrated, PHONE } from "../host/browser.ts";
import { NO_PAGE, PAGES } from "../host/web-pages.ts";
import { findings } from "./accessible.ts";
import { devAccess, MINUTE } from "./commands.ts";
import { SELECTOR_MS, WebSession } from "./web-session.ts";

/** JavaScript of the first page, compressed. */
const MOST_SCRIPT_BYTES = 120_000;

/** The front end on the running stack, in a real browser. */
export function frontEnd(access = devAccess()): void {
  let web: WebSession;

  describe("the front end", () => {
    beforeAll(async () => {
      web = await WebSession.start(access);
    }, 5 * MINUTE);
    afterAll(() => web?.stop());

    test(
      "a user signs in, searches, requests, and sees the download move until the title is there",
      async () => {
        // Slow enough for a page to show what lies between the request and its end.
        await setUpstreamFault(access, "overseerr/downloads", { queuedSeconds: 2, seconds: 30 });
        const account = await web.moderator();
        const { page, complaints } = await web.open("/login", PHONE);
        await web.signIn(page, account);
        await page.waitForFunction("location.pathname === '/'", { timeout: SELECTOR_MS });
        await page.waitForSelector("section[aria-labelledby=own]", { timeout: SELECTOR_MS });
        await page.type("input[name=query]", "matrix");
        await page.click("search button[type=submit]");
        await page.waitForSelector("ul.titles[aria-busy=false] li button", { timeout: SELECTOR_MS });
        await page.evaluate(WATCH_PROGRESS);
        await page.click("ul.titles li button");
        await page.waitForSelector("li[data-request][data-status=available]", { timeout: MINUTE });
        await setUpstreamFault(access, "overseerr/downloads", {});
        const seen = (await page.evaluate("window.seen")) as { statuses: string[]; percents: number[] };
        expect(seen.statuses).toEqual(expect.arrayContaining(["pending", "available"]));
        // Live: more than one figure, and never back.
        expect(new Set(seen.percents).size).toBeGreaterThan(1);
        expect(seen.percents).toEqual(seen.percents.toSorted((a, b) => a - b));
        expect(complaints).toEqual([]);
        await page.browserContext().close();
      },
      3 * MINUTE,
    );

    test(
      "negative control: a wrong password is told in plain words, and a visitor is offered no request",
      async () => {
        const { page } = await web.open("/login");
        await web.signIn(page, { email: `${randomUUID()}@example.com`, password: "not the password" });
        const notice = await page.waitForSelector("[role=alert]", { timeout: SELECTOR_MS });
        const text = String(await notice?.evaluate((element) => element.textContent));
        expect(text).toContain("Address or password is wrong");
        expect(text).toMatch(/Request id [0-9a-f]{32}/);
        // What was typed is still there.
        expect(await page.$eval("input[name=password]", (input) => (input as { value?: string }).value)).toBe(
          "not the password",
        );
        await web.go(page, "/");
        await page.waitForSelector("ul.titles li");
        await hydrated(page);
        expect(await page.$$("ul.titles li button")).toHaveLength(0);
        await page.browserContext().close();
      },
      2 * MINUTE,
    );

    test(
      "no page has an accessibility finding, in either theme, for visitors and users",
      async () => {
        const { page } = await web.open("/", PHONE);
        const found: string[] = [];
        const look = async (what: string) => {
          for (const value of ["light", "dark"]) {
            await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value }]);
            found.push(...(await findings(page)).map((text) => `${what} in ${value}: ${text}`));
          }
        };
        const lookAtAll = async (who: string) => {
          for (const path of [...PAGES, NO_PAGE]) {
            await web.go(page, path);
            await hydrated(page);
            await look(`${path} of a ${who}`);
          }
        };
        await lookAtAll("visitor");
        await web.signIn(page, { email: `${randomUUID()}@example.com`, password: "not the password" });
        await page.waitForSelector("[role=alert]", { timeout: SELECTOR_MS });
        await look("a sign-in that was refused");
        await page.click("input[type=checkbox]");
        await page.waitForSelector("input[name=name]");
        await look("a new account's form");
        await page.setOfflineMode(true);
        await page.waitForSelector("p.offline", { timeout: SELECTOR_MS });
        await look("a page without a network");
        await page.setOfflineMode(false);
        await web.signIn(page, await web.moderator());
        await page.waitForFunction("location.pathname === '/'", { timeout: SELECTOR_MS });
        await lookAtAll("user");
        expect(found).toEqual([]);
        // The control: a picture without a text is found.
        await page.evaluate("document.body.append(document.createElement('img'))");
        expect((await findings(page)).join()).toContain("image-alt");
        await page.browserContext().close();
      },
      6 * MINUTE,
    );

    test(
      "each load has a nonce of its own; an injected script does not run, and its refusal is reported",
      async () => {
        const policy = async () => {
          const answer = await call(`${web.target.gatewayUrl}/`, { ca: web.target.caPem });
          expect(answer.headers["cache-control"]).toContain("no-store");
          return String(answer.headers["content-security-policy"]);
        };
        const [first, second] = [await policy(), await policy()];
        expect(first).toMatch(/script-src 'nonce-[^']+' 'strict-dynamic'/);
        expect(first).not.toBe(second);
        const { page, complaints } = await web.open();
        await page.evaluate(INJECT);
        expect(await page.evaluate("window.injected")).toBeUndefined();
        expect(complaints.join()).toContain("Content Security Policy");
        await page.browserContext().close();
      },
      MINUTE,
    );

    test(
      "the first page loads little JavaScript, which browsers then keep",
      async () => {
        const { page } = await web.open();
        const loaded = (await page.evaluate(SCRIPTS)) as { name: string; bytes: number }[];
        // What the document itself names: what its scripts load later, when it stands, begins after them.
        const named = (await page.evaluate(NAMED)) as string[];
        const scripts = loaded.filter(({ name }) => named.includes(name));
        const total = scripts.reduce((sum, { bytes }) => sum + bytes, 0);
        expect(scripts.length).toBeGreaterThan(3);
        expect(total).toBeGreaterThan(50_000);
        expect(total).toBeLessThanOrEqual(MOST_SCRIPT_BYTES);
        const answer = await call(scripts[0]?.name as string, { ca: web.target.caPem });
        expect(answer.headers["cache-control"]).toBe("public, max-age=31536000, immutable");
        await page.browserContext().close();
      },
      MINUTE,
    );

    test(
      "web vitals of a page are in Prometheus, by the template of its route",
      async () => {
        const series = (page: string) => `sum(media_web_vital_seconds_count{page="${page}",vital="lcp"}) or vector(0)`;
        const path = "/titles/movie/603";
        const template = "/titles/{mediaType}/{tmdbId}";
        const before = await figureOf(series(template));
        const { page } = await web.open(path);
        await page.waitForNetworkIdle();
        // Hidden, as when a user goes elsewhere: that is when browsers report.
        await page.goto("about:blank");
        await eventually("one more report in Prometheus", 60, async () => {
          const now = await figureOf(series(template));
          if (!(now > before)) throw new Error(`it is ${now}, as before`);
        });
        // The control: no series is named after an address that a user looked at.
        expect(await figureOf(series(path))).toBe(0);
        await page.browserContext().close();
      },
      2 * MINUTE,
    );
  });

  async function figureOf(query: string): Promise<number> {
    const answer = await call(`${web.target.prometheusUrl}/api/v1/query?query=${encodeURIComponent(query)}`);
    const { data } = json<{ data: { result: { value: [number, string] }[] } }>(answer, 200);
    return Number(data.result[0]?.value[1]);
  }
}

// Texts, since the browser runs them and this program's compiler knows no DOM.

/** Keeps every state and every percentage that the list of requests showed. */
const WATCH_PROGRESS = `
  window.seen = { statuses: [], percents: [] };
  new MutationObserver(() => {
    for (const item of document.querySelectorAll("li[data-request]")) window.seen.statuses.push(item.dataset.status);
    for (const bar of document.querySelectorAll("li[data-request] progress")) window.seen.percents.push(bar.value);
  }).observe(document.body, { subtree: true, childList: true, attributes: true, characterData: true });
`;

const INJECT = `
  const script = document.createElement("div");
  script.innerHTML = '<img src="x:" onerror="window.injected = true">';
  document.body.append(script);
  new Promise((resolve) => setTimeout(resolve, 500));
`;

/** Addresses of the scripts in the document as the server sent it. */
const NAMED = `
  fetch(location.href).then((answer) => answer.text()).then((html) =>
    [...new DOMParser().parseFromString(html, "text/html").querySelectorAll("script[src]:not([nomodule])")].map(({ src }) => src))
`;

/** Bytes of bodies as they came. */
const SCRIPTS = `
  performance.getEntriesByType("resource")
    .filter(({ name, initiatorType }) => name.includes("/_next/static/") && name.endsWith(".js"))
    .map(({ name, encodedBodySize }) => ({ name, bytes: encodedBodySize }))
`;
