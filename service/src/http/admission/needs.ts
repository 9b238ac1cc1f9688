import type { Resource } from "../../resilience/admission/resources.ts";
import { pathOf, pathsOf } from "./paths.ts";

/** Lists of what is in PostgreSQL, read from a replica; single things come from the cache, mostly. */
const READ = pathsOf(
  ({ method, query, problems }) =>
    method === "get" && query !== undefined && (problems?.includes("database-unavailable") ?? false),
);
/** Timings from browsers are counted, not stored. */
const NOT_WRITTEN = pathsOf(({ access }) => access === "beacon");

/** What a request will need besides the process. */
export function neededBy(method: string, url: string): Exclude<Resource, "process"> | undefined {
  const path = pathOf(url);
  if (method === "POST") return NOT_WRITTEN.has(path) ? undefined : "primary";
  return READ.has(path) ? "replica" : undefined;
}
