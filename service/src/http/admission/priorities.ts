import type { Priority } from "../../resilience/admission/priorities.ts";
import { pathOf, pathsOf } from "./paths.ts";

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
