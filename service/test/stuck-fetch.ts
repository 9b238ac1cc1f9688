/**
 * Loaded into a worker before it starts (`node --import`): its polls of the queue STUCK_QUEUE never come back, and at
 * SIGUSR2 a minute and a second pass at once.
 */
import pg from "pg";

const queue = process.env.STUCK_QUEUE;
const query = pg.Client.prototype.query as (...args: unknown[]) => unknown;

pg.Client.prototype.query = function stuck(this: pg.Client, ...args: unknown[]) {
  const isPoll =
    queue !== undefined && String(args[0]).includes(`name = '${queue}'`) && /SKIP LOCKED/.test(String(args[0]));
  return isPoll ? new Promise(() => {}) : query.apply(this, args);
} as typeof pg.Client.prototype.query;

const { now } = Date;
let passed = 0;
Date.now = () => now() + passed;
process.on("SIGUSR2", () => {
  passed += 61_000;
});
