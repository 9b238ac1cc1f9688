import { setTimeout as sleep } from "node:timers/promises";
import { messageOf } from "./errors.ts";

const PAUSE_MS = 250;

/**
 * Repeats an attempt until it succeeds.
 *
 * @param what named in the error
 * @throws after the given time, with the last failure as cause
 */
export async function eventually<T>(what: string, seconds: number, attempt: () => Promise<T>): Promise<T> {
  let last: unknown;
  for (const end = Date.now() + seconds * 1000; Date.now() < end; await sleep(PAUSE_MS)) {
    try {
      return await attempt();
    } catch (error) {
      last = error;
    }
  }
  throw new Error(`${what}: not within ${seconds} s: ${messageOf(last)}`, { cause: last });
}
