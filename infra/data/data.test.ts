import { readFileSync } from "node:fs";
import { describe, expect, test } from "@jest/globals";
import * as pulumi from "@pulumi/pulumi";
import { tiers } from "../config/tiers.ts";
import { loginOf } from "../lib/secrets.ts";
import { DATABASE, OWNER } from "./handles.ts";
import { pgbouncerPlan } from "./pgbouncer/pgbouncer.plan.ts";
import { redisCachePlan } from "./redis/cache.plan.ts";
import { redisSentinelPlan, redisStatePlan } from "./redis/state.plan.ts";
import { settled } from "./settled.fixtures.ts";

const login = loginOf("media", pulumi.output("a"));

test("the database and its owner have the names that the script gives them", () => {
  const script = readFileSync(new URL("postgres/roles.sql", import.meta.url), "utf8");
  expect(script).toContain(`CREATE DATABASE ${DATABASE} OWNER ${OWNER}`);
});

describe("PgBouncer", () => {
  const plan = pgbouncerPlan({ sizes: tiers.medium.pgbouncer, login, poolerPassword: "l" });
  const ini = plan.files?.config?.data["pgbouncer.ini"] as string;

  test("offers the primary and its replicas", () => {
    expect(ini).toContain("media = host=postgres port=5432 dbname=media\n");
    expect(ini).toContain("media_ro = host=postgres-replicas port=5432 dbname=media\n");
  });

  test("pools by transaction, as much as the tier allows, and tries a new primary each second", () => {
    expect(ini).toMatch(/pool_mode = transaction\n[^[]*max_client_conn = 1000\ndefault_pool_size = 20\n/);
    expect(ini).toContain("server_login_retry = 1\n");
  });

  test("clients that are held back go on before they give up", () => {
    const [, most] = /query_wait_timeout = (\d+)/.exec(ini) ?? [];
    const env = plan.sidecars?.follower?.env as Record<string, string>;
    expect(Number(env.MOST_SECONDS)).toBeLessThan(Number(most));
  });

  test("all its pools together fit into the database's connections", () => {
    for (const { pgbouncer, postgres } of Object.values(tiers)) {
      expect(pgbouncer.replicas * (pgbouncer.poolSize + 2)).toBeLessThan(postgres.maxConnections - 15);
    }
  });

  test.each(Object.entries(tiers))("%s: the pools of all pods together fit into it", (_, { pgbouncer, ...tier }) => {
    const pods = [tier.api, tier.worker];
    const sum = (of: (pod: (typeof pods)[number]) => number) => pods.map(of).reduce((a, b) => a + b);
    // While a rollout adds a pod, and with one PgBouncer left: two pools and the connection of the readiness probe.
    const clients = sum(({ replicas, poolMax }) => (replicas + 1) * (2 * poolMax + 1));
    expect(clients).toBeLessThanOrEqual(pgbouncer.maxClients);
    // With all pools busy no client waits in PgBouncer for a connection to the primary, or to a replica.
    const busy = sum(({ replicas, poolMax }) => replicas * poolMax);
    expect(busy).toBeLessThanOrEqual(pgbouncer.replicas * pgbouncer.poolSize);
  });

  test("knows the application's login, and looks up the one before or after it", async () => {
    const users = await settled(plan.secrets?.users?.data["userlist.txt"]);
    // The first 8 digits of the SHA-256 of "a".
    expect(users).toBe('"media_ca978112" "a"\n"pooler" "l"\n"stats" ""\n"follower" ""\n');
    expect(ini).toContain("auth_user = pooler\n");
  });
});

describe("Redis", () => {
  test("the cache evicts what is used least and keeps nothing", () => {
    const text = redisCachePlan({ sizes: tiers.small.redisCache, passwords: ["p"] }).files?.config?.data["redis.conf"];
    expect(text).toContain("maxmemory 57mb\nmaxmemory-policy allkeys-lfu\n");
    expect(text).toContain("appendonly no");
  });

  test("the state never evicts, and needs a replica to write where there are several members", () => {
    const config = (tier: keyof typeof tiers) =>
      redisStatePlan({ sizes: tiers[tier].redisState, passwords: ["p"] }).files?.config?.data["redis.conf"];
    expect(config("small")).toContain("maxmemory-policy noeviction");
    expect(config("small")).toContain("min-replicas-to-write 0");
    expect(config("medium")).toContain("min-replicas-to-write 1");
  });

  test("sentinels agree by majority, and resolve names before they are given one", () => {
    const config = (tier: keyof typeof tiers) =>
      redisSentinelPlan({ sizes: tiers[tier].redisState, passwords: ["p"] }).files?.config?.data[
        "sentinel.conf"
      ] as string;
    expect(config("small")).toContain("sentinel monitor state @MASTER@ 6379 1\n");
    expect(config("medium")).toContain("sentinel monitor state @MASTER@ 6379 2\n");
    expect(config("small").indexOf("resolve-hostnames")).toBeLessThan(config("small").indexOf("monitor"));
  });

  test("server and exporter read the password in their own forms", async () => {
    const { auth, exporter } = redisCachePlan({ sizes: tiers.small.redisCache, passwords: ["p"] }).secrets ?? {};
    expect(await settled(auth?.data["auth.conf"])).toBe("user default on ~* &* +@all >p\nmasterauth p\n");
    expect(JSON.parse(await settled(exporter?.data["passwords.json"]))).toEqual({
      "redis://127.0.0.1:6379": "p",
    });
  });
});
