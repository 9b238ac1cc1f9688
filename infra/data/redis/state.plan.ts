import type * as pulumi from "@pulumi/pulumi";
import type { Tier } from "../../config/tiers.ts";
import { portOf } from "../../lib/endpoints.ts";
import { readBeside } from "../../lib/files.ts";
import type { EnvValue, StatefulSetSpec } from "../../lib/workload.types.ts";
import { STATE_GROUP } from "../handles.ts";
import { maxMemory, redisExporter, redisSecrets } from "./exporter.plan.ts";

export interface RedisStateArgs {
  sizes: Tier["redisState"];
  password: pulumi.Input<string>;
}

const REDIS_PORT = portOf("redis-state", "redis");
const SENTINEL_PORT = portOf("redis-state-sentinel", "sentinel");

/** What must not be lost: sessions, streams, rate limits. Never evicts, writes an append-only file. */
export function redisStatePlan({ sizes, password }: RedisStateArgs): StatefulSetSpec {
  const { members, memoryMi, volumeGi } = sizes;
  return {
    name: "redis-state",
    component: "data",
    kind: "StatefulSet",
    image: "redis",
    command: ["/opt/scripts/start-member.sh"],
    env: facts,
    members,
    connectsTo: ["redis-state:redis", "redis-state-sentinel:sentinel"],
    metrics: { port: "metrics" },
    probes: { readiness: { port: "redis" }, liveness: { port: "redis", periodSeconds: 10 } },
    drain: { preStopSeconds: 0 },
    resources: { memoryMi },
    files: {
      config: { path: "/etc/redis", data: { "redis.conf": memberConfig(members, memoryMi) } },
      scripts: scripts("start-member.sh"),
    },
    secrets: redisSecrets(password),
    volumes: { data: { type: "claim", path: "/data", sizeGi: volumeGi } },
    sidecars: { exporter: redisExporter },
  };
}

/** Watch the members and, when the master is gone, agree on another. */
export function redisSentinelPlan({ sizes, password }: RedisStateArgs): StatefulSetSpec {
  const { members, sentinels } = sizes;
  return {
    name: "redis-state-sentinel",
    component: "data",
    kind: "StatefulSet",
    image: "redis",
    command: ["/opt/scripts/start-sentinel.sh"],
    env: { ...facts, MEMBERS: String(members) },
    members: sentinels,
    connectsTo: ["redis-state:redis", "redis-state-sentinel:sentinel"],
    probes: { readiness: { port: "sentinel" }, liveness: { port: "sentinel", periodSeconds: 10 } },
    drain: { preStopSeconds: 0 },
    resources: { memoryMi: 48 },
    files: {
      config: { path: "/etc/redis", data: { "sentinel.conf": sentinelConfig(sentinels) } },
      scripts: scripts("start-sentinel.sh"),
    },
    secrets: { auth: redisSecrets(password).auth },
  };
}

const facts: Record<string, EnvValue> = {
  POD_NAME: { field: "metadata.name" },
  POD_NAMESPACE: { field: "metadata.namespace" },
};

function scripts(start: string) {
  const data = { [start]: readBeside(import.meta.url, start), "names.sh": readBeside(import.meta.url, "names.sh") };
  return { path: "/opt/scripts", executable: true, data };
}

function memberConfig(members: number, memoryMi: number): string {
  const lines = [
    "include /run/secrets/redis/auth.conf",
    "bind 0.0.0.0",
    `port ${REDIS_PORT}`,
    "dir /data",
    'save ""',
    "appendonly yes",
    "appendfsync everysec",
    `maxmemory ${maxMemory(memoryMi)}`,
    "maxmemory-policy noeviction",
    "tcp-keepalive 30",
    // A master that its replicas have left stops taking writes, so that a split loses at most these seconds.
    `min-replicas-to-write ${members > 1 ? 1 : 0}`,
    "min-replicas-max-lag 5",
  ];
  return `${lines.join("\n")}\n`;
}

function sentinelConfig(sentinels: number): string {
  const quorum = Math.floor(sentinels / 2) + 1;
  const lines = [
    `port ${SENTINEL_PORT}`,
    "bind 0.0.0.0",
    "dir /tmp",
    // Pods change their addresses and keep their names; this line must come before the one that names the master.
    "sentinel resolve-hostnames yes",
    "sentinel announce-hostnames yes",
    `sentinel monitor ${STATE_GROUP} @MASTER@ ${REDIS_PORT} ${quorum}`,
    `sentinel auth-pass ${STATE_GROUP} @PASSWORD@`,
    `sentinel down-after-milliseconds ${STATE_GROUP} 3000`,
    `sentinel failover-timeout ${STATE_GROUP} 15000`,
    `sentinel parallel-syncs ${STATE_GROUP} 1`,
  ];
  return `${lines.join("\n")}\n`;
}
