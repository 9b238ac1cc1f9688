import { execFile, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { say } from "../lib/progress.ts";
import { startRecorder } from "../test/recorder.ts";
import { TOOLS } from "../tools/index.ts";
import type { Row } from "./row.ts";

const REPO = join(import.meta.dirname, "../..");
const MAIN = join(import.meta.dirname, "../main.ts");
const BOUND_SECONDS = 900;

/**
 * The first `make load` with each tool on a machine that has nothing of it: it is brought into an empty cache, the compiler of
 * Go and what the package managers keep included, and makes a smoke run of three seconds. Debian packages that are there
 * already are not brought anew. Each is measured once: it takes minutes.
 *
 * @param tools @default all that have to be brought
 */
export async function first(
  _rounds: number,
  tools: readonly string[] = Object.keys(TOOLS).filter((name) => name !== "custom"),
): Promise<Row[]> {
  const rows: Row[] = [];
  for (const tool of tools) {
    const cache = mkdtempSync(join(tmpdir(), "first-load-"));
    const env = emptyHanded(cache);
    const from = performance.now();
    try {
      await make(tool, env);
      const brought = (performance.now() - from) / 1_000;
      await smoke(tool, cache, env);
      const seconds = (performance.now() - from) / 1_000;
      say(`${tool}: brought in ${brought.toFixed(0)} s, first result after ${seconds.toFixed(0)} s`);
      const name = `load tests: first run with ${tool} on a machine without it, from the command to its result`;
      rows.push({ name, unit: "s", bound: BOUND_SECONDS, values: [seconds] });
    } finally {
      rmSync(cache, { recursive: true, force: true });
    }
  }
  return rows;
}

/** An environment whose caches are all empty, without the folder of the tools that were brought before. */
export function emptyHanded(cache: string): NodeJS.ProcessEnv {
  const before = join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "media-platform/bin");
  const paths = (process.env.PATH ?? "").split(delimiter).filter((folder) => folder !== before);
  return {
    ...process.env,
    PATH: [...paths, join(cache, "media-platform/bin")].join(delimiter),
    XDG_CACHE_HOME: cache,
    NPM_CONFIG_CACHE: join(cache, "npm"),
    PIP_CACHE_DIR: join(cache, "pip"),
  };
}

function make(tool: string, env: NodeJS.ProcessEnv): Promise<void> {
  const child = spawn("make", ["-C", REPO, "tools", `ONLY=${tool}`], { env, stdio: ["ignore", "ignore", "inherit"] });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) =>
      code === 0 ? resolve() : reject(new Error(`make tools ONLY=${tool} ended with ${code}`)),
    );
  });
}

/** @throws where it leaves no result */
async function smoke(tool: string, cache: string, env: NodeJS.ProcessEnv): Promise<void> {
  const recorder = await startRecorder();
  const dir = join(cache, "results");
  mkdirSync(dir);
  const outputs = join(cache, "outputs.json");
  writeFileSync(outputs, JSON.stringify({ gatewayUrl: recorder.url, credentials: { devToken: "token" } }));
  const args = [MAIN, "run", "--tool", tool, "--outputs", outputs, "--dir", dir, "--seconds", "3", "--rate", "2"];
  // The exit code is of the verdict.
  const said = await new Promise<string>((resolve) =>
    execFile(process.execPath, args, { env }, (_, __, stderr) => resolve(stderr)),
  );
  await recorder.close();
  if (!readdirSync(dir).some((name) => name.endsWith(".json")) || recorder.requests.length === 0)
    throw new Error(`${tool} made no run: ${said.slice(-500)}`);
}
