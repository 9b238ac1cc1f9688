import { closeBreaker, openBreaker, openedBreakers } from "../../data/repositories/opened-breakers.ts";
import { alertsOf } from "../../model/remedies.ts";
import type { Playbook } from "./playbook.ts";

/** Upstreams without which the api answers from its cache, or an error at once. Jobs for Overseerr would use up their tries. */
const DISPENSABLE = ["tmdb", "plex", "youtube"];
/** It closes by itself, should it be forgotten or the responder be gone. */
const OPEN_SECONDS = 600;

export const openBreakerByHand: Playbook = {
  name: "open-breaker",
  does: `Opens the api's breaker for an upstream that answers too slowly, so that calls fall back at once; it closes when the incident is over, and by itself after ${OPEN_SECONDS / 60} minutes.`,
  alerts: alertsOf("open-breaker"),
  fits: ({ labels }) => DISPENSABLE.includes(labels.service ?? ""),
  cooldownSeconds: 60,
  // It is no cure: people are told when the upstream does not become fast again soon.
  maxTries: 1,
  most: 1,
  unit: "breakers",
  async find({ database }, { labels }) {
    const upstream = labels.service ?? "";
    const open = (await openedBreakers(database.primary)).some((one) => one.upstream === upstream);
    return open ? [] : [{ id: upstream, about: { seconds: OPEN_SECONDS } }];
  },
  async act({ database }, { id, about }) {
    await openBreaker(database.primary, id, Number(about.seconds), "it answers too slowly");
    return `the breaker for ${id} is open for ${about.seconds} s at most`;
  },
  async holds({ database }, targets) {
    const open = await openedBreakers(database.primary);
    return targets.every(({ id }) => open.some(({ upstream }) => upstream === id));
  },
  async undo({ database }, { id }) {
    await closeBreaker(database.primary, id);
    return `the breaker for ${id} may close`;
  },
};
