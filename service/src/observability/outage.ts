import type { Logger } from "./log.ts";

/** Logs that something does not work, and that it works again: once each, not with every failure in between. */
export interface Outage {
  /** It failed, for the first time or again. */
  failed(error: unknown): void;
  /** It worked. */
  over(): void;
}

/** `count` is called at every failure. */
export function createOutage(log: Logger, about: object, begins: string, ends: string, count = () => {}): Outage {
  let broken = false;
  return {
    failed(error) {
      count();
      if (!broken) log.warn({ err: error, ...about }, begins);
      broken = true;
    },
    over() {
      if (broken) log.info(about, ends);
      broken = false;
    },
  };
}
