import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { DEV_TOKEN, type Platform, type Spawned, startPlatform } from "../test/platform.ts";

/**
 * Sends an api whatever its own OpenAPI document allows, and what it forbids: `node service/fuzz/main.ts [--examples 40]
 * [--seed 1]`. Schemathesis judges the answers by the document; a 5xx, a call that hangs, a process that ends, and
 * handles or memory that stay afterwards are failures too. Everything runs on this machine only.
 */
const { values } = parseArgs({
  options: { examples: { type: "string", default: "40" }, seed: { type: "string", default: "1" } },
});

const REQUIREMENTS = join(import.meta.dirname, "requirements.txt");
const REQUEST_SECONDS = 10;
/** What the process may hold more of than after it was warmed up. */
const MORE_HANDLES = 20;
const MORE_MIB = 100;
/** Time for connections to end by themselves. */
const SETTLE_MS = 8_000;

const platform = await startPlatform();
try {
  process.exitCode = await fuzz(platform, await schemathesis());
} finally {
  await platform.stop();
}

async function fuzz({ spawn: start }: Platform, program: string): Promise<number> {
  const limits = { RATE_LIMIT_PER_MINUTE: "10000000", VISITOR_RATE_LIMIT_PER_MINUTE: "10000000" };
  const api = start("api", { ...limits, LOGIN_RATE_LIMIT_PER_MINUTE: "10000000" });
  const { httpPort } = await api.logged("started");
  const url = `http://127.0.0.1:${httpPort}/api/v1/openapi.json`;
  await run(program, options(url, "3"), { show: false });
  const before = held(api);
  const code = await run(program, options(url, values.examples), { show: true });
  await sleep(SETTLE_MS);
  const after = held(api);
  const problems = judge(api, before, after);
  process.stderr.write(`handles ${before.handles} → ${after.handles}, memory ${before.mib} → ${after.mib} MiB\n`);
  for (const problem of problems) process.stderr.write(`error: ${problem}\n`);
  return code !== 0 || problems.length > 0 ? 1 : 0;
}

function options(url: string, examples: string): string[] {
  return [
    ...["run", url, "--header", `Authorization: Bearer ${DEV_TOKEN}`, "--seed", values.seed],
    ...["--max-examples", examples, "--request-timeout", String(REQUEST_SECONDS), "--no-color"],
    "--continue-on-failure",
    // What a body may be is for our validator; that it accepts all of it and nothing else is not promised where rules span fields.
    ...["--exclude-checks", "positive_data_acceptance,negative_data_rejection"],
  ];
}

interface Held {
  handles: number;
  mib: number;
}

function held({ child }: Spawned): Held {
  const status = readFileSync(`/proc/${child.pid}/status`, "utf8");
  const kib = Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1]);
  return { handles: readdirSync(`/proc/${child.pid}/fd`).length, mib: Math.round(kib / 1_024) };
}

function judge(api: Spawned, before: Held, after: Held): string[] {
  const internal = api.lines.filter((line) => line.includes('"code":"internal"'));
  return [
    ...(api.child.exitCode === null ? [] : [`the api ended with ${api.child.exitCode}`]),
    ...(internal.length > 0 ? [`${internal.length} errors that nobody classified, the first: ${internal[0]}`] : []),
    ...(after.handles > before.handles + MORE_HANDLES ? ["handles are left open"] : []),
    ...(after.mib > before.mib + MORE_MIB ? ["memory is not given back"] : []),
  ];
}

/** The program in an environment of its own, made once for each list of versions. */
async function schemathesis(): Promise<string> {
  const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "media-platform", "python");
  const key = createHash("sha256").update(readFileSync(REQUIREMENTS)).digest("hex").slice(0, 16);
  const folder = join(cache, key);
  if (!existsSync(folder)) {
    process.stderr.write("installing schemathesis …\n");
    const making = `${folder}.${process.pid}`;
    const steps: [string, ...string[]][] = [
      ["python3", "-m", "venv", making],
      [join(making, "bin/python"), "-m", "pip", "install", "--quiet", "--no-deps", "-r", REQUIREMENTS],
    ];
    for (const [command, ...args] of steps)
      if ((await run(command, args, { show: true })) !== 0) {
        rmSync(making, { recursive: true, force: true });
        throw new Error(`${command} failed; with Debian: apt-get install python3-venv`);
      }
    renameSync(making, folder);
  }
  // Its scripts name the folder in which they were made; the module does not.
  return join(folder, "bin/python");
}

async function run(command: string, args: string[], { show }: { show: boolean }): Promise<number> {
  const module = command.endsWith("/bin/python") && args[0] === "run" ? ["-m", "schemathesis.cli"] : [];
  const child = spawn(command, [...module, ...args], { stdio: ["ignore", show ? "inherit" : "ignore", "inherit"] });
  return new Promise((resolve, reject) => child.once("error", reject).once("exit", (code) => resolve(code ?? 1)));
}
