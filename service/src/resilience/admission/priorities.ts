import { pathOf, pathsOf } from "./paths.ts";

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

/** Which of the two a read by somebody signed in is: what answers pages is a list. */
const LISTS = pathsOf(({ method, query }) => method === "get" && query !== undefined);

/** Whoever signs what it tells has no token and can be known all the same: a payment must find its place like any change. */
const SIGNED = pathsOf(({ access }) => access === "webhook");

/**
 * What can be told of a request before anything is done for it. A token and a signature are looked at only later, where
 * it costs; until then it counts that there is one.
 */
export function priorityOf(method: string, url: string, authorized: boolean, signed = false): Priority {
  const path = pathOf(url);
  if (method === "POST" && (authorized || (signed && SIGNED.has(path)))) return "write";
  if (!authorized) return "anonymous";
  return LISTS.has(path) ? "list" : "interactive";
}
