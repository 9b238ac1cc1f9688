import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { DEV_TOKEN, type Platform, type Spawned } from "../test/platform.ts";
import { run, schemathesis } from "./python.ts";

const REQUEST_SECONDS = 10;
/** What the process may hold more of than after it was warmed up. */
const MORE_HANDLES = 20;
const MORE_MIB = 100;
/** Time for connections to end by themselves. */
const SETTLE_MS = 8_000;

/**
 * Sends an api whatever its own OpenAPI document allows, and what it forbids. Schemathesis judges the answers by the
 * document; a 5xx, a call that hangs, a process that ends, and handles or memory that stay afterwards are faults too.
 * Returns what was wrong.
 */
export async function document(
  { spawn: start }: Platform,
  effort: { examples: string; seed: string },
): Promise<string[]> {
  const python = await schemathesis();
  const limits = { RATE_LIMIT_PER_MINUTE: "10000000", VISITOR_RATE_LIMIT_PER_MINUTE: "10000000" };
  const api = start("api", { ...limits, LOGIN_RATE_LIMIT_PER_MINUTE: "10000000" });
  const { httpPort } = await api.logged("started");
  const url = `http://127.0.0.1:${httpPort}/api/v1/openapi.json`;
  await run(python, options(url, { ...effort, examples: "3" }), { show: false });
  const before = held(api);
  const code = await run(python, options(url, effort), { show: true });
  await sleep(SETTLE_MS);
  const after = held(api);
  process.stderr.write(`handles ${before.handles} → ${after.handles}, memory ${before.mib} → ${after.mib} MiB\n`);
  return [...(code === 0 ? [] : ["schemathesis found what it printed above"]), ...judge(api, before, after)];
}

function options(url: string, { examples, seed }: { examples: string; seed: string }): string[] {
  return [
    ...["-m", "schemathesis.cli", "run", url, "--header", `Authorization: Bearer ${DEV_TOKEN}`, "--seed", seed],
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
