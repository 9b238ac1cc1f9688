import { setTimeout as sleep } from "node:timers/promises";

/** Tries until it succeeds; after the time is over, the last failure is thrown with what was waited for. */
export async function eventually<T>(what: string, seconds: number, attempt: () => Promise<T>): Promise<T> {
  let last: unknown;
  for (const end = Date.now() + seconds * 1000; Date.now() < end; await sleep(250)) {
    try {
      return await attempt();
    } catch (error) {
      last = error;
    }
  }
  throw new Error(`${what}: not within ${seconds} s: ${last instanceof Error ? last.message : String(last)}`, {
    cause: last,
  });
}
