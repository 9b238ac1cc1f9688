import { randomUUID } from "node:crypto";
import { type Stack, type Target, targetOf } from "@media/drills/stack";
import { call, json } from "@media/drills/verify/http";
import type { Browser, Page } from "puppeteer-core";
import { DESKTOP, hydrated, startBrowser } from "../host/browser.ts";

export const SELECTOR_MS = 20_000;

export interface Account {
  readonly email: string;
  readonly password: string;
}

/** A page and what its scripts and its console complained about. */
export interface Opened {
  readonly page: Page;
  readonly complaints: string[];
}

/** Of what the console has, what is wrong with the page itself: answers that failed are there too. */
export const faultsIn = (complaints: readonly string[]) =>
  complaints.filter((text) => /^\w*Error:|Content Security/.test(text));

/** A browser on the front end of a stack, and accounts for it. */
export class WebSession {
  readonly target: Target;
  readonly #browser: Browser;
  readonly #stop: () => Promise<void>;

  private constructor(target: Target, browser: Browser, stop: () => Promise<void>) {
    this.target = target;
    this.#browser = browser;
    this.#stop = stop;
  }

  static async start(stack: Stack): Promise<WebSession> {
    const target = await targetOf(stack);
    const { browser, stop } = await startBrowser(target);
    return new WebSession(target, browser, stop);
  }

  stop(): Promise<void> {
    return this.#stop();
  }

  /** Opens a page in a session of its own. */
  async open(path = "/", viewport: typeof DESKTOP = DESKTOP): Promise<Opened> {
    const context = await this.#browser.createBrowserContext();
    const page = await context.newPage();
    await page.setViewport(viewport);
    const complaints: string[] = [];
    page.on("pageerror", (error) => complaints.push(String(error)));
    page.on("console", (message) => {
      if (message.type() === "error") complaints.push(`${message.text()} ${message.location().url ?? ""}`);
    });
    await this.go(page, path);
    return { page, complaints };
  }

  async go(page: Page, path: string): Promise<void> {
    await page.goto(`${this.target.gatewayUrl}${path}`, { waitUntil: "load" });
  }

  /** Makes an account whose requests need no approval, which only an administrator can grant. */
  async moderator(): Promise<Account> {
    const account = { email: `${randomUUID()}@example.com`, password: randomUUID(), name: "Mo Derator" };
    const post = (path: string, body: unknown, token?: string) =>
      call(`${this.target.gatewayUrl}/api/v1${path}`, {
        method: "POST",
        body,
        ca: this.target.caPem,
        headers: token ? { authorization: `Bearer ${token}` } : {},
      });
    const { id } = json<{ id: string }>(await post("/auth/register", account), 201);
    json(await post(`/admin/users/${id}/role`, { role: "moderator" }, this.target.credentials.devToken), 200);
    return account;
  }

  /** Types an account into the form and sends it. Whether it is taken is the caller's to find out. */
  async signIn(page: Page, { email, password }: Account): Promise<void> {
    await this.go(page, "/login");
    await page.waitForSelector("input[name=email]");
    await hydrated(page);
    await page.type("input[name=email]", email);
    await page.type("input[name=password]", password);
    await page.click("form button[type=submit]");
  }

  /** Opens the first page as a new moderator. */
  async openSignedIn(): Promise<Opened> {
    const opened = await this.open("/login");
    await this.signIn(opened.page, await this.moderator());
    await opened.page.waitForFunction("location.pathname === '/'", { timeout: SELECTOR_MS });
    return opened;
  }
}
