import { newestRequests } from "../../data/repositories/requests.ts";
import { alertsOf } from "../../model/remedies.ts";
import { CIRCUIT_STATE } from "../../observability/metrics/names.ts";
import type { Deps } from "../deps.ts";
import { type Playbook, Refused } from "./playbook.ts";

/** What is asked for most is what came last. */
const ROWS = 500;
/** Share of its memory above which the cache would evict others' entries for ours. */
const FULL = 0.9;
/** Of what was warmed, the share that must be there: what expires or is written to meanwhile need not. */
const ENOUGH = 0.9;

/** Where memory comes from for what is asked for now, without emptying the cache. */
const SHED_TO = 0.7;
/** Of one try. */
const SHED_MOST = 50_000;
const percent = (share: number) => `${Math.round(share * 100)} %`;

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
    if (used > FULL) throw new Refused(`the cache is ${percent(used)} full: it would evict for it`);
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

/**
 * Makes room in a cache that evicts what it is asked for next. Only what can be found again goes, and only while nothing
 * answers from it: an open breaker means that copies stand in for what does not answer.
 */
export const shedCache: Playbook = {
  name: "shed-cache",
  does: `Removes copies of requests and answers to searches from the cache until ${percent(SHED_TO)} of its memory are in use, ${SHED_MOST} entries at most. What is asked for again comes from the database and the outside services.`,
  alerts: alertsOf("shed-cache"),
  cooldownSeconds: 900,
  maxTries: 1,
  most: 1,
  unit: "caches",
  async find({ cache, prometheus }) {
    const open = await prometheus.query(`${CIRCUIT_STATE} > 0`);
    const names = [...new Set(open.map(({ labels }) => labels.dependency))].join(", ");
    if (open.length > 0) throw new Refused(`breakers are open (${names}): copies answer for what is away`);
    const used = await cache.usedShare();
    if (used < FULL) throw new Refused(`only ${percent(used)} of the cache's memory are in use: it has room`);
    const { all, sheddable } = await cache.entries();
    return sheddable > 0 ? [{ id: "redis-cache", about: { used: percent(used), entries: all, sheddable } }] : [];
  },
  async act({ cache }, { about }) {
    const gone = await cache.shed(SHED_TO, SHED_MOST);
    const [used, { all }] = [await cache.usedShare(), await cache.entries()];
    return `${gone} entries were removed; the cache went from ${about.used} of its memory to ${percent(used)}, from ${about.entries} entries to ${all}`;
  },
  holds: async ({ cache }) => (await cache.usedShare()) < FULL,
};
