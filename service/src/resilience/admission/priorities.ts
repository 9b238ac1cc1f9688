/**
 * The share of the limit up to which each kind of request is let in: when there is not enough for all, the kind with the
 * smaller share is refused first, and the rest is kept for the others. Health is asked on a port of its own.
 */
export const SHARES = {
  /** Changes something. Sent again under its Idempotency-Key after a refusal, it must find a place before any read. */
  write: 1,
  /** One thing, for a signed-in caller. */
  interactive: 0.9,
  /** Many things at once: lists and searches. */
  list: 0.75,
  /** An unknown caller. */
  anonymous: 0.6,
} as const;

export type Priority = keyof typeof SHARES;
export const PRIORITIES = Object.keys(SHARES) as Priority[];
