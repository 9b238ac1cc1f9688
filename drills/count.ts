import type { DrillOptions } from "./drill.ts";
import { UserError } from "./lib/errors.ts";

/** The number of repetitions. @throws UserError */
export function countOf({ count }: DrillOptions, fallback: number, what = "repetitions"): number {
  if (count === undefined) return fallback;
  const number = Number(count);
  if (!(Number.isInteger(number) && number > 0))
    throw new UserError(`"${count}" is not a number of ${what}`, "take a whole number from 1: --count 5, COUNT=5");
  return number;
}
