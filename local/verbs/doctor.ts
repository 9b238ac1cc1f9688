import { examine, exitCode, table } from "../doctor/check.ts";
import { checksFor } from "../doctor/checks.ts";
import type { Options } from "./options.ts";

/** Found against wanted, and the command that mends each difference; exits with 1 if there is one. Changes nothing. */
export async function doctor({ name, json }: Options): Promise<void> {
  const results = await examine(checksFor(name));
  console.log(json ? JSON.stringify(results, null, 2) : table(results));
  process.exitCode = exitCode(results);
}
