/**
 * The share of the limit up to which each kind of request is let in: where there is not enough for all, whoever has the
 * smaller share is refused first, and what is left is kept for the others. Health is asked on a port of its own.
 */
export const SHARES = {
  /** Changes something. Sent again under its Idempotency-Key after a refusal, it must find a place before any read. */
  write: 1,
  /** One thing, for somebody who is signed in. */
  interactive: 0.9,
  /** Many things at once: lists and searches. */
  list: 0.75,
  /** Nobody we know. */
  anonymous: 0.6,
} as const;

export type Priority = keyof typeof SHARES;
export const PRIORITIES = Object.keys(SHARES) as Priority[];
