import { spawn } from "node:child_process";
import { UserError } from "../lib/errors.ts";

/** The command that runs psql in the database of a stack, and reads its script from standard input. */
export type Psql = readonly [string, ...string[]];

export const PSQL = ["psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-d", "media"] as const;

/**
 * Runs a script and returns what it prints. A script that breaks off in the middle commits nothing, as long as its own COMMIT
 * comes last.
 *
 * @throws UserError with psql's last words
 */
export async function runScript(psql: Psql, script: Iterable<string>): Promise<string> {
  const [program, ...args] = psql;
  const child = spawn(program, args, { stdio: ["pipe", "pipe", "pipe"], detached: true });
  let [out, err] = ["", ""];
  child.stdout.on("data", (chunk) => {
    out += chunk;
  });
  child.stderr.on("data", (chunk) => {
    err = (err + chunk).slice(-2_000);
  });
  const ended = new Promise<number | string>((resolve) => {
    child.once("error", (error) => resolve(error.message));
    child.once("close", (code, signal) => resolve(code ?? String(signal)));
  });
  let over = false;
  ended.then(() => {
    over = true;
  });
  child.stdin.on("error", () => {});
  for (const part of script) {
    if (over) break;
    if (!child.stdin.write(part)) await Promise.race([new Promise((go) => child.stdin.once("drain", go)), ended]);
  }
  child.stdin.end();
  const code = await ended;
  if (code !== 0)
    throw new UserError(
      `the database refused the data set (${code}): ${err.trim() || "no reason given"}`,
      "nothing was changed; make status shows whether PostgreSQL runs",
    );
  return out.trim();
}
