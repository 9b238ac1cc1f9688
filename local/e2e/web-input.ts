import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import type { Page } from "puppeteer-core";
import { hydrated, POLL_MS } from "../host/browser.ts";
import { PAGES } from "../host/web-pages.ts";
import { devAccess, MINUTE } from "./commands.ts";
import { faultsIn, SELECTOR_MS, WebSession } from "./web-session.ts";

const LONG = "x".repeat(10_000);
const SCRIPT = '<script>window.injected = true</script><img src="x:" onerror="window.injected = true">';
const TABS = 5;
const SETTLE_MS = 5_000;
const DAY_MS = 86_400_000;
const IN_BACKGROUND = { timeout: SELECTOR_MS, polling: POLL_MS };

/** What people and programs do to a front end that it was not made for. */
export function frontEndWithBadInput(stack = devAccess()): void {
  describe("the front end with bad input", () => {
    let web: WebSession;
    beforeAll(async () => {
      web = await WebSession.start(stack);
    }, 5 * MINUTE);
    afterAll(() => web?.stop());

    test(
      "a search and a title of 10,000 characters are cut, and the page goes on",
      async () => {
        const { page, complaints } = await web.open();
        await hydrated(page);
        // As a program does it: the field itself takes no more than 200.
        await page.$eval("input[name=query]", (input, text) => Object.assign(input, { value: text }), LONG);
        const ofLong = await search(page);
        expect(ofLong).toMatchObject({ status: 200, query: LONG.slice(0, 200) });
        await web.go(page, `/titles/movie/603?name=${LONG.slice(0, 5_000)}`);
        expect(await page.$eval("h1", ({ textContent }) => textContent?.length)).toBe(200);
        // The control: a search that finds something still does.
        await web.go(page, "/");
        await hydrated(page);
        await page.type("input[name=query]", "matrix");
        const found = await search(page);
        expect(found).toMatchObject({ status: 200, query: "matrix" });
        expect(found.titles).not.toEqual(ofLong.titles);
        expect(faultsIn(complaints)).toEqual([]);
        await page.browserContext().close();
      },
      2 * MINUTE,
    );

    test(
      "a script in a title and in a search is text",
      async () => {
        const { page } = await web.open(`/titles/movie/603?name=${encodeURIComponent(SCRIPT)}`);
        await hydrated(page);
        expect(await page.$eval("h1", ({ textContent }) => textContent)).toBe(SCRIPT);
        await web.go(page, "/");
        await hydrated(page);
        await page.type("input[name=query]", SCRIPT);
        await page.click("search button[type=submit]");
        await page.waitForSelector("ul.titles[aria-busy=false]", { timeout: SELECTOR_MS });
        expect(await page.evaluate("window.injected")).toBeUndefined();
        // The control: the page can be written to, and the check sees it.
        await page.evaluate("window.injected = true");
        expect(await page.evaluate("window.injected")).toBe(true);
        await page.browserContext().close();
      },
      2 * MINUTE,
    );

    test(
      `${TABS} tabs whose tokens have ended renew the session; ${TABS} whose session has ended say so`,
      async () => {
        const { page: first } = await web.openSignedIn();
        const tabs = [first];
        while (tabs.length < TABS) tabs.push(await first.browserContext().newPage());
        const ask = (path: string) =>
          Promise.all(
            tabs.map(async (tab) => {
              await tab.evaluate(TOKEN_ENDS);
              await tab.evaluate(`[...document.querySelectorAll('a')].find((a) => a.pathname === '${path}').click()`);
              await tab.waitForFunction(`location.pathname === '${path}'`, IN_BACKGROUND);
            }),
          );
        const says = (text: RegExp) =>
          Promise.all(
            tabs.map((tab) =>
              tab.waitForFunction(`${text}.test(document.querySelector("main").innerText)`, IN_BACKGROUND),
            ),
          );
        for (const tab of tabs) await web.go(tab, "/requests");
        for (const tab of tabs) await hydrated(tab);
        await ask("/plans");
        await says(/Your plan is/);
        await first.evaluate("fetch('/session', { method: 'DELETE' })");
        await ask("/requests");
        await says(/Sign in to/);
        await first.browserContext().close();
      },
      3 * MINUTE,
    );

    test(
      "double clicks on every button of every page make no error, and one request",
      async () => {
        const { page, complaints } = await web.openSignedIn();
        const made = requestsOf(page);
        for (const path of PAGES) {
          await web.go(page, path);
          await hydrated(page);
          await settled(page);
          await page.evaluate(DOUBLE_CLICKS);
          await settled(page);
        }
        await web.go(page, "/requests");
        await page.waitForSelector("li[data-request]", { timeout: SELECTOR_MS });
        const titles = [...made.values()];
        expect(titles.length).toBeGreaterThan(0);
        expect(titles).toEqual([...new Set(titles)]);
        expect(faultsIn(complaints)).toEqual([]);
        await page.browserContext().close();
      },
      4 * MINUTE,
    );

    test(
      "back and forward through the whole flow: each page is there each time",
      async () => {
        const { page, complaints } = await web.openSignedIn();
        const heads: string[] = [];
        const head = async () => {
          await page.waitForSelector("main h1", { timeout: SELECTOR_MS });
          return String(await page.$eval("h1", ({ textContent }) => textContent));
        };
        for (const path of ["Discover", "Requests", "Library", "Plans", "Status"]) {
          await page.evaluate(`[...document.querySelectorAll("nav a")].find((a) => a.innerText === "${path}").click()`);
          await page.waitForNetworkIdle();
          heads.push(await head());
        }
        expect(new Set(heads).size).toBe(heads.length);
        const walk = async (way: "goBack" | "goForward", expected: string[]) => {
          for (const wanted of expected) {
            await page[way]();
            await page.waitForFunction(`document.querySelector("main h1")?.textContent === ${JSON.stringify(wanted)}`, {
              timeout: SELECTOR_MS,
            });
          }
        };
        await walk("goBack", heads.toReversed().slice(1));
        await walk("goForward", heads.slice(1));
        expect(faultsIn(complaints)).toEqual([]);
        await page.browserContext().close();
      },
      3 * MINUTE,
    );

    test.each([
      ["ahead", DAY_MS],
      ["behind", -DAY_MS],
    ])(
      "a clock that is a day %s: sign-in, search and requests work",
      async (_name, off) => {
        const { page, complaints } = await web.open("/login");
        await page.evaluateOnNewDocument(clockOff(off));
        await web.signIn(page, await web.moderator());
        await page.waitForFunction("location.pathname === '/'", { timeout: SELECTOR_MS });
        // The control: it is off.
        expect(Math.abs(Number(await page.evaluate("Date.now()")) - Date.now() - off)).toBeLessThan(MINUTE);
        for (const path of PAGES) {
          await web.go(page, path);
          await hydrated(page);
          await page.waitForNetworkIdle();
          expect([path, await page.$$eval("[role=alert]", (all) => all.map((one) => one.textContent))]).toEqual([
            path,
            [],
          ]);
        }
        expect(faultsIn(complaints)).toEqual([]);
        await page.browserContext().close();
      },
      3 * MINUTE,
    );
  });
}

// Texts, since the browser runs them and this program's compiler knows no DOM.

/** The page's own clock runs ahead of the end of its access token. */
const TOKEN_ENDS = `{
  const now = performance.now.bind(performance);
  performance.now = () => now() + 3_600_000;
}`;

/** Two clicks on each button in one go, but for the one that ends the session. */
/** Sends the search form, and tells what was asked for and what is shown of the answer. */
async function search(page: Page) {
  const path = "/api/v1/search";
  const [answer] = await Promise.all([
    page.waitForResponse((response) => new URL(response.url()).pathname === path, { timeout: SELECTOR_MS }),
    page.click("search button[type=submit]"),
  ]);
  await page.waitForSelector("ul.titles[aria-busy=false] li", { timeout: SELECTOR_MS });
  const titles = await page.$$eval("ul.titles h3", (all) => all.map(({ textContent }) => textContent));
  return { status: answer.status(), query: new URL(answer.url()).searchParams.get("query"), titles };
}

/**
 * Titles that the page has requested, by the addresses of its requests: two titles may have one name. Nothing is read of an
 * answer's body, which the browser has no more where the page was left meanwhile.
 */
function requestsOf(page: Page): Map<string, string> {
  const made = new Map<string, string>();
  page.on("response", (response) => {
    if (response.request().method() !== "POST" || response.status() !== 201) return;
    if (new URL(response.url()).pathname !== "/api/v1/requests") return;
    const { mediaType, tmdbId } = JSON.parse(response.request().postData() ?? "{}") as Record<string, unknown>;
    made.set(response.headers().location ?? "", `${mediaType}/${tmdbId}`);
  });
  return made;
}

/** A page with downloads under way is told of each step, so that its network is never idle: it has had its time then. */
const settled = (page: Page) => page.waitForNetworkIdle({ timeout: SETTLE_MS }).catch(() => {});

const DOUBLE_CLICKS = `
  for (const button of document.querySelectorAll("button"))
    if (button.innerText !== "Sign out") { button.click(); button.click(); }
`;

const clockOff = (milliseconds: number) => `
  const Real = Date;
  Date = class extends Real {
    constructor(...given) { given.length ? super(...given) : super(Real.now() + ${milliseconds}); }
    static now() { return Real.now() + ${milliseconds}; }
  };
`;
