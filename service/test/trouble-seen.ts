import {
  CACHE_LOOKUPS_TOTAL,
  CIRCUIT_STATE,
  ERRORS_TOTAL,
  RATE_LIMIT_DECISIONS_TOTAL,
  UPSTREAM_REQUEST_DURATION_SECONDS,
} from "../src/observability/metrics/names.ts";
import type { Dependency } from "../src/resilience/policies.ts";
import { call } from "./calls.ts";

/** An answer that is no sense has a status like any other: only the error says so. */
const upstream = (name: string) =>
  new RegExp(
    `^${UPSTREAM_REQUEST_DURATION_SECONDS}_count\\{upstream="${name}",outcome="(?!200|404)|^${ERRORS_TOTAL}\\{code="upstream-bad`,
  );

/** Less than this is no trouble: on a busy machine a call is too late now and then. */
export const LEAST_TROUBLE = 5;
/** A circuit that is half open counts for as much, one that is open for twice that. */
const CIRCUIT_WEIGHT = LEAST_TROUBLE;

/** What a process counts when a dependency lets it down; of the replica there is only the circuit. */
const COUNTED: Record<Dependency, RegExp> = {
  database: new RegExp(`^${ERRORS_TOTAL}\\{code="(database-unavailable|circuit-open)"`),
  "database-replica": /^$/,
  "redis-cache": new RegExp(`^${CACHE_LOOKUPS_TOTAL}\\{result="unreachable"`),
  "redis-state": new RegExp(`^${RATE_LIMIT_DECISIONS_TOTAL}\\{.*store="memory"`),
  tmdb: upstream("tmdb"),
  plex: upstream("plex"),
  youtube: upstream("youtube"),
  overseerr: upstream("overseerr"),
};

/**
 * How much trouble a process has had with a dependency, by its own metrics. A test of what still works means nothing if
 * the trouble that it makes does not arrive: this must rise.
 */
export async function troubleSeen(adminPort: number, dependency: Dependency): Promise<number> {
  const { body } = await call(adminPort, "/metrics");
  const sum = (matches: (line: string) => boolean) =>
    (body as string)
      .split("\n")
      .filter(matches)
      .reduce((total, line) => total + lastNumber(line), 0);
  const circuit = sum((line) => line.startsWith(`${CIRCUIT_STATE}{dependency="${dependency}"}`));
  return sum((line) => COUNTED[dependency].test(line)) + CIRCUIT_WEIGHT * circuit;
}

function lastNumber(line: string): number {
  return Number(
    line
      .slice(line.lastIndexOf("}") + 1)
      .trim()
      .split(" ")[0],
  );
}
