import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { analyse, upper } from "../analysis/analyse.ts";
import { KINDS, type Kind } from "../analysis/kinds.ts";
import { isConfig, nextValue, REMEDIES } from "../analysis/remedies.ts";
import { type FigureName, type Next, TREE } from "../analysis/tree.ts";
import { TIERS } from "../resources/tiers.ts";
import type { Result } from "../results/result.ts";
import { type Made, madeResult } from "./made-result.ts";

type Figures = NonNullable<Made["figures"]>;

const count = (...values: number[]) => ({ unit: "count", values }) as const;
const seconds = (...values: number[]) => ({ unit: "seconds", values }) as const;
const ratio = (...values: number[]) => ({ unit: "ratio", values }) as const;
const cores = (...values: number[]) => ({ unit: "cores", values }) as const;
const perSecond = (...values: number[]) => ({ unit: "per second", values }) as const;

/** What a stack shows that has time left everywhere. */
const healthy: Figures = {
  "api/requests at work, mean": count(0.4, 0.5, 0.5, 0.4),
  "api/waiting for a database connection, mean of primary": count(0.01, 0.01, 0.01, 0.01),
  "api/wait for a database connection, 99th percentile of primary": seconds(0.002, 0.002, 0.003, 0.002),
  "api/waiting for statements, mean of insertRequest": count(0.1, 0.1, 0.1, 0.1),
  "api/a statement, 99th percentile of insertRequest": seconds(0.02, 0.02, 0.02, 0.02),
  "api/waiting for upstreams, mean of tmdb": count(0.1, 0.1, 0.1, 0.1),
  "api/an upstream's answer, 95th percentile of tmdb": seconds(0.02, 0.02, 0.02, 0.02),
  "api/event loop at work of api-1": ratio(0.2, 0.3, 0.3, 0.2),
  "api/garbage collection of api-1": ratio(0.01, 0.02, 0.01, 0.01),
  "api/memory of its limit of api-1": ratio(0.5, 0.5, 0.5, 0.5),
  "api/CPU of api-1": cores(0.3, 0.3, 0.3, 0.3),
  "node/CPU in use": ratio(0.6, 0.6, 0.7, 0.6),
  "node/disk at work of sda": ratio(0.1, 0.1, 0.1, 0.1),
  "network/dropped packets of gateway-1": perSecond(0, 0, 0, 0),
  "pgbouncer/clients that wait, mean of media": count(0, 0, 0, 0),
  "pgbouncer/server connections in use of media": ratio(0.1, 0.1, 0.1, 0.1),
  "postgres/sessions that wait for a lock of postgres-0": count(0, 0, 0, 0),
  "postgres/rows read by sequential scans of requests": perSecond(100, 100, 100, 100),
  "redis-cache/evicted keys of redis-cache": perSecond(0, 0, 0, 0),
  "redis-cache/look-ups that found nothing of redis-cache": ratio(0.9, 0.3, 0.2, 0.2),
  "worker/age of the oldest job due of deliver": seconds(1, 2, 1, 1),
};

const waiting: Figures = {
  "api/requests at work, mean": count(8, 9, 10, 9),
  "api/waiting for a database connection, mean of primary": count(5, 6, 7, 6),
  "api/wait for a database connection, 99th percentile of primary": seconds(0.8, 0.9, 1.1, 0.9),
};

/** What each kind of bottleneck shows, besides what a healthy stack does. */
const PLANTED: Readonly<Record<Kind, Figures>> = {
  "pool too small": waiting,
  "pooler too small": {
    ...waiting,
    "pgbouncer/clients that wait, mean of media": count(4, 5, 5, 5),
    "pgbouncer/server connections in use of media": ratio(1, 1, 1, 1),
  },
  locks: { ...waiting, "postgres/sessions that wait for a lock of postgres-0": count(3, 4, 4, 3) },
  "slow statements": {
    ...waiting,
    "api/waiting for statements, mean of listRequests": count(2, 3, 3, 3),
    "api/a statement, 99th percentile of listRequests": seconds(1.4, 1.6, 1.5, 1.4),
  },
  "missing index": {
    "api/requests at work, mean": count(4, 4, 4, 4),
    "api/waiting for statements, mean of listRequests": count(3, 3, 3, 3),
    "api/a statement, 99th percentile of listRequests": seconds(0.4, 0.4, 0.4, 0.4),
    "postgres/rows read by sequential scans of requests": perSecond(900_000, 900_000, 900_000, 900_000),
  },
  "slow upstream": {
    "api/requests at work, mean": count(6, 6, 6, 6),
    "api/waiting for upstreams, mean of tmdb": count(5, 5, 5, 5),
    "api/an upstream's answer, 95th percentile of tmdb": seconds(0.9, 0.9, 0.9, 0.9),
  },
  "cache too small": {
    "redis-cache/evicted keys of redis-cache": perSecond(40, 50, 50, 40),
    "redis-cache/look-ups that found nothing of redis-cache": ratio(0.9, 0.8, 0.8, 0.8),
    "api/requests at work, mean": count(6, 6, 6, 6),
    "api/waiting for upstreams, mean of tmdb": count(5, 5, 5, 5),
    "api/an upstream's answer, 95th percentile of tmdb": seconds(0.9, 0.9, 0.9, 0.9),
  },
  queue: { "worker/age of the oldest job due of deliver": seconds(30, 70, 90, 110) },
  "event loop": { "api/event loop at work of api-1": ratio(0.9, 1, 1, 1), "api/CPU of api-1": cores(0.9, 1, 1, 0.9) },
  "garbage collection": { "api/garbage collection of api-1": ratio(0.3, 0.4, 0.4, 0.3) },
  memory: { "api/memory of its limit of api-1": ratio(0.95, 0.97, 0.98, 0.99) },
  throttling: { "api/throttled share of CPU periods of api-1": ratio(0.5, 0.6, 0.6, 0.5) },
  CPU: {
    "api/event loop at work of api-1": ratio(0.9, 1, 1, 1),
    "api/CPU of api-1": cores(0.3, 0.4, 0.4, 0.3),
    "node/CPU in use": ratio(1, 1, 1, 1),
  },
  disk: { "node/disk at work of sda": ratio(0.9, 1, 1, 1) },
  network: { "network/dropped packets of gateway-1": perSecond(40, 50, 60, 50) },
};

const suffering = (figures: Figures) => madeResult({ failed: 0.1, figures: { ...healthy, ...figures } });

describe("the analysis names", () => {
  test.each(Object.keys(KINDS) as Kind[])("%s, with its evidence", (kind) => {
    const finding = analyse(suffering(PLANTED[kind]));
    expect(finding.kind).toBe(kind);
    expect(finding.evidence.length).toBeGreaterThan(1);
    expect(finding.path.at(-1)?.evidence).not.toContainEqual(expect.stringContaining("not measured"));
  });

  test("nothing in a run that met its objectives, whatever was busy", () => {
    for (const figures of [healthy, ...Object.values(PLANTED)]) {
      const finding = analyse(madeResult({ figures: { ...healthy, ...figures } }));
      expect([finding.kind, finding.about]).toEqual([undefined, "every objective was met"]);
    }
  });

  test("nothing where no figure explains what was missed, rather than the next best", () => {
    expect(analyse(suffering({}))).toMatchObject({ kind: undefined, about: "no figure of the stack explains it" });
    expect(analyse(madeResult({ failed: 0.1 })).kind).toBeUndefined();
  });

  test("nothing where the generator was the limit", () => {
    const limited = { ...suffering(PLANTED.CPU), generatorLimited: "it was late" };
    expect(analyse(limited).about).toContain("the generator was the limit");
  });

  test("nothing for a peak of one moment", () => {
    const peak = { "api/garbage collection of api-1": ratio(0.01, 0.01, 0.01, 0.01, 0.9, 0.01, 0.01, 0.01) };
    expect(analyse(suffering(peak)).kind).toBeUndefined();
    expect(upper([1, 1, 1, 9, 1, 1, 1, 1])).toBe(1);
  });

  test("the evidence in words, with what was measured and the limit", () => {
    const { evidence } = analyse(suffering(PLANTED["pool too small"]));
    expect(evidence).toContain(
      "api: waiting for a database connection, mean: 7 of 10 requests at work, mean, 70 % (limit 25 %)",
    );
    expect(evidence).toContainEqual(
      "api: wait for a database connection, 99th percentile of primary: 1.1 s (limit 20 ms)",
    );
  });
});

describe("of runs that were recorded from an api process with real PostgreSQL, Redis and Prometheus", () => {
  const recorded = (name: string) =>
    JSON.parse(readFileSync(join(import.meta.dirname, "recorded", `${name}.json`), "utf8")) as Result;

  test("with a planted pool of one connection, the pool is named", () => {
    const finding = analyse(recorded("pool-of-1"));
    expect(finding.kind).toBe("pool too small");
    expect(finding.evidence).toContainEqual(
      expect.stringMatching(/^api: waiting for a database connection, mean: 1\d/),
    );
  });

  test("with the tier's pool on the same machine, too busy for its objectives, the pool is not named", () => {
    expect(analyse(recorded("pool-of-6"))).toMatchObject({
      kind: undefined,
      about: "no figure of the stack explains it",
    });
  });
});

function figuresOf(next: Next): FigureName[] {
  if (!("ask" in next)) return [];
  const own = Array.isArray(next.when) ? next.when.flatMap(({ figure, shareOf }) => [figure, shareOf ?? figure]) : [];
  return [...own, ...figuresOf(next.yes), ...figuresOf(next.no)];
}

function causesOf(next: Next): string[] {
  if ("cause" in next) return [next.cause];
  return "ask" in next ? [...causesOf(next.yes), ...causesOf(next.no)] : [];
}

test("the tree asks only for figures that a run records, and can end at every kind", () => {
  const recorded = Object.entries(TIERS).flatMap(([tier, figures]) => figures.map(({ name }) => `${tier}/${name}`));
  for (const figure of figuresOf(TREE)) expect(recorded).toContain(figure);
  expect([...new Set(causesOf(TREE))].sort()).toEqual(Object.keys(KINDS).sort());
});

test("each kind has a remedy, and a key's values rise to its most and no further", () => {
  for (const remedies of Object.values(REMEDIES)) {
    expect(remedies.length).toBeGreaterThan(0);
    for (const remedy of remedies.filter(isConfig)) {
      let [value, tries] = [1 as number | undefined, 0];
      for (; value !== undefined && tries < 50; tries++) value = nextValue(remedy, value);
      expect([remedy.key, value, tries < 50]).toEqual([remedy.key, undefined, true]);
      expect(nextValue(remedy, remedy.most)).toBeUndefined();
    }
  }
});
