import { heldQueues, holdQueue, releaseQueue } from "../../data/queue/holds.ts";
import { DELIVERY_QUEUE, FOLLOW_QUEUE } from "../../data/queue/queue.ts";
import { alertsOf } from "../../model/remedies.ts";
import type { Playbook } from "./playbook.ts";

/** Whose jobs fail for as long as an upstream is down: they would use up their tries and be given up. */
const NEEDS: Readonly<Record<string, readonly string[]>> = { overseerr: [DELIVERY_QUEUE, FOLLOW_QUEUE] };
/** A hold ends by itself, should it be forgotten. */
const HOLD_SECONDS = 3_600;

export const pauseQueue: Playbook = {
  name: "pause-queue",
  does: "Holds the queues whose jobs need the upstream that is down, so that none uses up its tries; they go on when it is back.",
  alerts: alertsOf("pause-queue"),
  fits: ({ labels }) => (labels.service ?? "") in NEEDS,
  cooldownSeconds: 30,
  // It is no cure: people are told when the upstream does not come back soon.
  maxTries: 1,
  most: 2,
  unit: "queues",
  async find({ database }, { labels }) {
    const held = await heldQueues(database.primary);
    const queues = NEEDS[labels.service ?? ""] ?? [];
    return queues
      .filter((queue) => !held.includes(queue))
      .map((id) => ({ id, about: { upstream: labels.service ?? "" } }));
  },
  async act({ database }, { id, about }) {
    await holdQueue(database.primary, id, HOLD_SECONDS, `${about.upstream} is down`);
    return `queue ${id} is held`;
  },
  async holds({ database }, targets) {
    const held = await heldQueues(database.primary);
    return targets.every(({ id }) => held.includes(id));
  },
  async undo({ database }, { id }) {
    await releaseQueue(database.primary, id);
    return `queue ${id} goes on`;
  },
};
