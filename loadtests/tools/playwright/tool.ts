import { execFile } from "node:child_process";
import { existsSync, realpathSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { promisify } from "node:util";
import { UserError } from "../../lib/errors.ts";
import { runScript, versionOf } from "../script.ts";
import type { Tool } from "../tool.ts";

/** Playwright with the distribution's Chromium: what a person's browser sees, pages with all that they load. */
export const playwright: Tool = {
  name: "playwright",
  model: "open",
  latency:
    "in the browser. A page: from the begin of the navigation to the end of its load event, with all that it loads. Another request: fetch, from the call to the last byte, waiting for a connection and connecting counted. Within a session a request waits for the one before",
  async version() {
    const own = await versionOf("playwright", /Version ([\d.]+)/);
    const browser = await promisify(execFile)("chromium", ["--version"], { env: process.env }).catch(() => {
      throw new UserError("chromium is not on PATH", "apt-get install chromium");
    });
    return `${own}, ${browser.stdout.trim().split(" ").slice(0, 2).join(" ")}`;
  },
  run: (run) =>
    runScript(run, {
      command: () => [process.execPath, join(import.meta.dirname, "script.ts")],
      env: () => ({ PLAYWRIGHT: moduleOf("playwright"), CHROMIUM: pathOf("chromium") ?? "chromium" }),
    }),
};

/** Its library lies beside the program, or beside what the program is a link to. */
function moduleOf(program: string): string {
  const path = pathOf(program);
  const folder = path ? dirname(realpathSync(path)) : "";
  const places = [join(folder, "node_modules/playwright-core/index.mjs"), join(folder, "index.mjs")];
  const found = places.find((place) => existsSync(place));
  if (!found)
    throw new UserError("playwright is on PATH without its library", "make tools ONLY=playwright installs it");
  return found;
}

function pathOf(program: string): string | undefined {
  const folders = (process.env.PATH ?? "").split(delimiter);
  return folders.map((folder) => join(folder, program)).find((path) => existsSync(path));
}
