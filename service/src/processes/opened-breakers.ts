import type pg from "pg";
import { openedBreakers } from "../data/repositories/opened-breakers.ts";
import type { Logger } from "../observability/log.ts";
import { createOutage } from "../observability/outage.ts";

const LOOK_MS = 2_000;

/** An upstream whose breaker can be opened by hand. */
export interface Holdable {
  hold(seconds: number): void;
}

/**
 * Keeps a process to the breakers that are open in the database. Each has its end with it, so that it closes in time while
 * the database cannot be read.
 */
export function watchBreakers(
  pool: pg.Pool,
  upstreams: Readonly<Record<string, Holdable>>,
  log: Logger,
): { stop(): Promise<void> } {
  let open = new Set<string>();
  const outage = createOutage(log, {}, "opened breakers cannot be read", "opened breakers can be read again");
  const look = async () => {
    try {
      const wanted = await openedBreakers(pool);
      for (const { upstream, seconds } of wanted) {
        upstreams[upstream]?.hold(seconds);
        if (!open.has(upstream)) log.warn({ upstream, seconds: Math.round(seconds) }, "breaker opened by hand");
      }
      const names = new Set(wanted.map(({ upstream }) => upstream));
      for (const upstream of [...open].filter((name) => !names.has(name))) {
        upstreams[upstream]?.hold(0);
        log.info({ upstream }, "breaker opened by hand is closed");
      }
      open = names;
      outage.over();
    } catch (error) {
      outage.failed(error);
    }
  };
  let looking = look();
  const timer = setInterval(() => {
    looking = looking.then(look);
  }, LOOK_MS);
  return {
    stop: async () => {
      clearInterval(timer);
      await looking;
    },
  };
}
