import { examine, exitCode, table } from "../doctor/check.ts";
import { checksFor } from "../doctor/checks.ts";
import type { Options } from "./options.ts";

/** Compares this machine with what is needed, and prints a command for each difference. Exits with 1 where there is one. Changes nothing. */
export async function doctor({ name, json }: Options): Promise<void> {
  const results = await examine(checksFor(name));
  console.log(json ? JSON.stringify(results, null, 2) : table(results));
  process.exitCode = exitCode(results);
}
