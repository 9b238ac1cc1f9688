import { kubectl, type Stack } from "@media/drills/stack";
import type { Section } from "./page.ts";

/** The password comes from its file: among the arguments it would be visible in the list of processes. */
const CLI = 'REDISCLI_AUTH="$(cat /run/secrets/redis/password)" exec redis-cli "$@"';

type SlowEntry = readonly [id: number, at: number, us: number, command: readonly string[], client: string];

/** Slow commands, large keys, and which commands take Redis' time. */
export async function profileRedis(
  stack: Stack,
  pod: string,
  container: string,
): Promise<{ raw: string; words: string[]; sections: Section[] }> {
  const ask = (...command: readonly string[]) =>
    kubectl(stack, ["exec", pod, "-c", container, "--", "sh", "-c", CLI, "redis-cli", ...command]);
  const slow = JSON.parse(await ask("--json", "SLOWLOG", "GET", "20")) as SlowEntry[];
  const stats = commandsOf(await ask("INFO", "commandstats"));
  const keys = largeKeys(await ask("--bigkeys", "-i", "0.01"));
  const slowWords = slow.map(
    ([, at, us, command]) =>
      `${new Date(at * 1_000).toISOString()}: ${(us / 1_000).toFixed(1)} ms: ${command.join(" ").slice(0, 120)}`,
  );
  const words = [
    slow.length > 0 ? "slow commands:" : "the slow log is empty: no command took longer than 10 ms",
    ...slowWords.slice(0, 5).map((one) => `  ${one}`),
    "most time of all:",
    ...stats.slice(0, 5).map(([name, calls, us, perCall]) => `  ${name}: ${calls} calls, ${us} µs, ${perCall} µs each`),
    "largest keys:",
    ...keys.map((one) => `  ${one}`),
  ];
  return {
    raw: JSON.stringify({ slow, stats, keys }, null, 2),
    words,
    sections: [
      { head: "Slow commands", lines: slowWords },
      { head: "Commands by their total time", table: { head: ["command", "calls", "µs", "µs each"], rows: stats } },
      { head: "Largest keys", lines: keys },
    ],
  };
}

/** Of `INFO commandstats`: name, calls, microseconds, microseconds per call; those with the most time first. */
export function commandsOf(text: string): string[][] {
  return [...text.matchAll(/^cmdstat_([^:]+):calls=(\d+),usec=(\d+),usec_per_call=([\d.]+)/gm)]
    .map(([, name = "", calls = "", us = "", perCall = ""]) => [name, calls, us, perCall])
    .sort((a, b) => Number(b[2]) - Number(a[2]))
    .slice(0, 25);
}

/** Of `redis-cli --bigkeys`: its findings, and how many keys it looked at. */
export const largeKeys = (text: string): string[] =>
  text
    .split("\n")
    .filter((one) => /^(Biggest|Sampled \d+ keys|Total key length)/.test(one.trim()))
    .map((one) => one.trim());
