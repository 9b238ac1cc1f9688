import { describe, expect, test } from "@jest/globals";
import { clientsOfPgbouncer, connectionProblems, connectionsToPostgres } from "./connections.ts";
import { sizesOf, sizesSection } from "./sizes.ts";
import { type TierName, tiers } from "./tiers.ts";

const names = Object.keys(tiers) as TierName[];

describe.each(names)("with every pod at its highest number, tier %s", (name) => {
  const tier = tiers[name];

  test("keeps within PostgreSQL's connections", () => {
    expect(connectionsToPostgres(tier)).toBeLessThanOrEqual(tier.postgres.maxConnections);
  });

  test("keeps within the clients that one pooler takes", () => {
    expect(clientsOfPgbouncer(tier)).toBeLessThanOrEqual(tier.pgbouncer.maxClients);
  });
});

describe("sizes of a stack", () => {
  const changed = (changes: object) => sizesOf("small", sizesSection.parse(changes));

  test("are the tier's where the stack says nothing", () => {
    expect(changed({})).toEqual(tiers.small);
  });

  test("change the tier's key by key, and never the tier itself", () => {
    const before = structuredClone(tiers.small);
    expect(changed({ api: { poolMax: 1 } }).api).toEqual({ ...before.api, poolMax: 1 });
    expect(tiers.small).toEqual(before);
  });

  test("that raise the fewest pods above the tier's most raise that too", () => {
    expect(changed({ worker: { replicas: 5 } }).worker).toMatchObject({ replicas: 5, maxReplicas: 5 });
    expect(changed({ worker: { replicas: 1 } }).worker).toEqual(tiers.small.worker);
  });

  test("are refused where a key is misspelt or out of bounds", () => {
    for (const wrong of [
      { api: { poolmax: 1 } },
      { api: { poolMax: 0 } },
      { apis: {} },
      { api: { cpuTargetMilli: 19 } },
      { api: { cpuTargetMilli: 1_001 } },
    ])
      expect(sizesSection.safeParse(wrong).success).toBe(false);
  });

  test.each([
    [{ pgbouncer: { poolSize: 40 } }, "pgbouncer.poolSize", "connections of PostgreSQL, which has 60"],
    [{ api: { poolMax: 100 } }, "api.poolMax", "clients of PgBouncer, which takes 500"],
    [{ api: { maxReplicas: 60 } }, "pgbouncer.poolSize", "connections of PostgreSQL"],
    [{ worker: { maxReplicas: 70 } }, "api.poolMax", "clients of PgBouncer, which takes 500"],
    [{ api: { replicas: 4, maxReplicas: 3 } }, "api.maxReplicas", "is below api.replicas, 4"],
    [{ web: { replicas: 4, maxReplicas: 3 } }, "web.maxReplicas", "is below web.replicas, 4"],
  ])("that would pass a limit at the highest scale are a problem: %j", (changes, path, message) => {
    const found = connectionProblems(changed(changes)).map((problem) => `${problem.path.join(".")} ${problem.message}`);
    expect(found).toContainEqual(expect.stringContaining(message));
    expect(found).toContainEqual(expect.stringContaining(path));
    expect(connectionProblems(tiers.small)).toEqual([]);
  });
});
