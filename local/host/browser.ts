import { createHash, X509Certificate } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Target } from "@media/drills/stack";
import puppeteer, { type Browser, type Page } from "puppeteer-core";
import { say } from "../lib/progress.ts";
import { installPackages } from "./packages.ts";

/** Where Debian's package puts it. */
const CHROMIUM = "/usr/bin/chromium";

export const PHONE = { width: 390, height: 844, deviceScaleFactor: 2, isMobile: true, hasTouch: true };
export const DESKTOP = { width: 1280, height: 800 };

/**
 * Starts the distribution's browser without a window. It trusts chains that end at the stack's own certificate
 * authority and no other unknown one: a page of another does not open.
 *
 * @param target whose authority. @default none: for pages of this machine without TLS
 */
export async function startBrowser(
  target?: Pick<Target, "caPem">,
): Promise<{ browser: Browser; stop(): Promise<void> }> {
  await installPackages("e2e", say);
  const home = mkdtempSync(join(tmpdir(), "media-browser-"));
  const browser = await puppeteer.launch({
    executablePath: CHROMIUM,
    userDataDir: join(home, "profile"),
    args: [
      // As root there is no other way; the pages are ours.
      "--no-sandbox",
      "--disable-dev-shm-usage",
      "--disable-background-networking",
      "--no-first-run",
      ...(target ? [`--ignore-certificate-errors-spki-list=${keyHash(target.caPem)}`] : []),
    ],
  });
  return {
    browser,
    async stop() {
      await browser.close();
      rmSync(home, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** The authority's key, as Chromium names it. */
function keyHash(caPem: string): string {
  const key = new X509Certificate(caPem).publicKey.export({ type: "spki", format: "der" });
  return createHash("sha256").update(key).digest("base64");
}

const READY_MS = 20_000;
/** By time and not by frame: a tab in the background draws none. */
export const POLL_MS = 100;

/** Waits until the page's scripts have taken over what the server rendered: the session is known then. */
export async function hydrated(page: Page): Promise<void> {
  await page.waitForFunction("document.documentElement.dataset.ready === 'yes'", {
    timeout: READY_MS,
    polling: POLL_MS,
  });
}
