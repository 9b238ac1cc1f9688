import { UserError } from "../lib/errors.ts";

/** A failed step: which image, what failed, what to do and where to read on. */
export const imageError = (image: string, problem: string, remedy: string, log?: string) =>
  new UserError(`image ${image}: ${problem}`, remedy, log);
