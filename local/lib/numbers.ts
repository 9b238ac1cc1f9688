import { UserError } from "./errors.ts";

/** @throws UserError where a variable of the Makefile is given and is no number above 0 */
export function numberOf(variable: string, text: string | undefined): number | undefined {
  if (text === undefined || text === "") return undefined;
  const value = Number(text);
  if (Number.isFinite(value) && value > 0) return value;
  throw new UserError(`${variable}=${text} is not a number above 0`, `give a number: ${variable}=4`);
}
