/**
 * `node budget.ts`, after `next build`: starts what was built, reads each page, and adds up the compressed size of the
 * scripts that a browser loads for it, as `serve.ts` sends them. A page over its budget ends the build. Scripts that are loaded later, for something
 * that a user does, are not counted.
 */
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { brotliCompressSync } from "node:zlib";

/** Kilobytes (1,000 bytes) of each page, by path. */
export const BUDGETS_KB: Readonly<Record<string, number>> = {
  "/": 120,
  "/login": 120,
  "/requests": 120,
  "/titles/movie/603": 120,
  "/library": 120,
  "/plans": 120,
  "/status": 120,
  "/admin": 120,
};

/** Paths of the scripts of a page, without those that only browsers without modules load. */
export function scriptsOf(html: string): string[] {
  const tags = html.match(/<script\b[^>]*>/g) ?? [];
  const paths = tags.filter((tag) => !/\bnomodule\b/i.test(tag)).map((tag) => /\bsrc="([^"?]+)/.exec(tag)?.[1]);
  return [...new Set(paths.filter((path) => path !== undefined))];
}

/** Every page over its budget, as a sentence. */
export function overBudget(bytes: Readonly<Record<string, number>>, budgetsKb = BUDGETS_KB): string[] {
  return Object.entries(budgetsKb).flatMap(([page, kb]) => {
    const found = bytes[page];
    if (!found) return [`${page}: no script was found, so that nothing was measured`];
    return found > kb * 1_000 ? [`${page}: ${(found / 1_000).toFixed(1)} KB of JavaScript, ${kb} are allowed`] : [];
  });
}

const PORT = "3999";

async function measure(): Promise<Record<string, number>> {
  const env = { ...process.env, PORT, HOSTNAME: "127.0.0.1", API_URL: "http://127.0.0.1:9" };
  const server = spawn(process.execPath, [".next/standalone/server.js"], {
    env,
    stdio: ["ignore", "ignore", "inherit"],
  });
  try {
    const sizes: Record<string, number> = {};
    for (const page of Object.keys(BUDGETS_KB)) {
      const scripts = scriptsOf(await text(page)).map((path) => decodeURIComponent(path).replace("/_next/", ".next/"));
      sizes[page] = scripts.reduce((sum, file) => sum + brotliCompressSync(readFileSync(file)).length, 0);
    }
    return sizes;
  } finally {
    server.kill("SIGKILL");
  }
}

async function text(page: string): Promise<string> {
  for (let attempt = 1; ; attempt++) {
    const answer = await fetch(`http://127.0.0.1:${PORT}${page}`).catch(() => undefined);
    if (answer?.ok) return answer.text();
    if (attempt === 50) throw new Error(`${page} answers ${answer?.status ?? "nothing"}`);
    await sleep(200);
  }
}

if (import.meta.main) {
  const sizes = await measure();
  for (const [page, bytes] of Object.entries(sizes)) console.log(`${page}: ${(bytes / 1_000).toFixed(1)} KB`);
  const problems = overBudget(sizes);
  if (problems.length > 0) {
    console.error(
      `error: ${problems.join("\n  ")}\n  remedy: load it when it is needed (\`import()\`), or leave it out`,
    );
    process.exit(2);
  }
}
