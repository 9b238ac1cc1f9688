import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv } from "ajv";
import { UserError } from "../lib/errors.ts";
import { decode } from "./histogram.ts";
import type { Result } from "./result.ts";

const schema = JSON.parse(readFileSync(join(import.meta.dirname, "result.schema.json"), "utf8"));
const isValid = new Ajv({ allErrors: true, allowUnionTypes: true }).compile(schema);

/** What keeps a value from being a result, each with its place; none where it is one. */
export function flawsOf(value: unknown): string[] {
  if (!isValid(value)) return (isValid.errors ?? []).map(({ instancePath, message }) => `${instancePath || "/"} ${message}`);
  return (value as Result).steps.flatMap(({ name, histogram, requests, failed }) => {
    try {
      const { totalCount } = decode(histogram);
      return totalCount === requests - failed ? [] : [`step ${name}: its histogram has ${totalCount} values, not ${requests - failed}`];
    } catch (error) {
      return [`step ${name}: its histogram cannot be read: ${(error as Error).message}`];
    }
  });
}

/** @throws UserError where the file is not there, cut off, or not a result */
export function readResult(path: string): Result {
  const remedy = "give a result file that `make load` has written, whole";
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    throw new UserError(`${path} cannot be read as a result: ${(error as Error).message}`, remedy);
  }
  const flaws = flawsOf(value);
  if (flaws.length > 0)
    throw new UserError([`${path} is not a result of a load test:`, ...flaws.slice(0, 5).map((flaw) => `  ${flaw}`)].join("\n"), remedy);
  return value as Result;
}
