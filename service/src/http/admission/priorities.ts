import type { Priority } from "../../resilience/admission/priorities.ts";
import { pathOf, pathsOf } from "./paths.ts";

/** Reads that answer pages: of a signed-in caller they are lists, other reads are interactive. */
const LISTS = pathsOf(({ method, query }) => method === "get" && query !== undefined);

/** Callers who sign their body have no token, but are known: a payment event has the priority of a write. */
const SIGNED = pathsOf(({ access }) => access === "webhook");

/**
 * The priority of a request by its head alone. Token and signature are verified only later, where
 * it costs; until then it counts that there is one.
 */
export function priorityOf(method: string, url: string, authorized: boolean, signed = false): Priority {
  const path = pathOf(url);
  if (method === "POST" && (authorized || (signed && SIGNED.has(path)))) return "write";
  if (!authorized) return "anonymous";
  return LISTS.has(path) ? "list" : "interactive";
}
