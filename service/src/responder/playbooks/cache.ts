import { newestRequests } from "../../data/repositories/requests.ts";
import { alertsOf } from "../../model/remedies.ts";
import type { Deps } from "../deps.ts";
import { type Playbook, Refused } from "./playbook.ts";

/** What is asked for most is what came last. */
const ROWS = 500;
/** Share of its memory above which the cache would evict others' entries for ours. */
const FULL = 0.9;
/** Of what was warmed, the share that must be there: what expires or is written to meanwhile need not. */
const ENOUGH = 0.9;

const missing = async ({ database, cache }: Deps) => cache.without(await newestRequests(database.primary, ROWS));

export const warmCache: Playbook = {
  name: "warm-cache",
  does: `Puts the newest ${ROWS} requests and their titles into the cache that was emptied, where it has none; what it has stays.`,
  alerts: alertsOf("warm-cache"),
  cooldownSeconds: 300,
  maxTries: 2,
  most: 1,
  unit: "caches",
  async find(deps) {
    const used = await deps.cache.usedShare();
    if (used > FULL) throw new Refused(`the cache is ${Math.round(used * 100)} % full: it would evict for it`);
    const { length } = await missing(deps);
    return length > 0 ? [{ id: "redis-cache", about: { requests: length } }] : [];
  },
  async act(deps) {
    const requests = await missing(deps);
    // One after the other: users' questions go first.
    for (const request of requests) await deps.cache.warm(request);
    return `${requests.length} requests and their titles were put into the cache`;
  },
  async holds(deps, targets) {
    const { length } = await missing(deps);
    return targets.every(({ about }) => length <= Number(about.requests) * (1 - ENOUGH));
  },
};
