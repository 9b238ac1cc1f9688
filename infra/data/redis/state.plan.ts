import type { Tier } from "../../config/tiers.ts";
import { portOf } from "../../lib/endpoints.ts";
import type { EnvValue, StatefulSetSpec } from "../../lib/workload.types.ts";
import { STATE_GROUP } from "../handles.ts";
import { maxMemory, type Passwords, redisExporter, redisSecrets } from "./exporter.plan.ts";
import { scripts } from "./scripts.plan.ts";

export interface RedisStateArgs {
  sizes: Tier["redisState"];
  passwords: Passwords;
}

const REDIS_PORT = portOf("redis-state", "redis");
const SENTINEL_PORT = portOf("redis-state-sentinel", "sentinel");

/** What must not be lost: sessions, streams, rate limits. Never evicts, writes an append-only file. */
export function redisStatePlan({ sizes, passwords }: RedisStateArgs): StatefulSetSpec {
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
    probes: {
      readiness: { command: ["/opt/scripts/ready.sh"], periodSeconds: 3, timeoutSeconds: 5 },
      liveness: { port: "redis", periodSeconds: 10 },
    },
    drain: { preStopCommand: ["/opt/scripts/hand-over.sh"], graceSeconds: 45 },
    resources: { memoryMi },
    files: {
      config: { path: "/etc/redis", data: { "redis.conf": memberConfig(members, memoryMi) } },
      scripts: scripts("hand-over.sh", "names.sh", "ready.sh", "start-member.sh"),
    },
    secrets: redisSecrets(passwords),
    volumes: { data: { type: "claim", path: "/data", sizeGi: volumeGi } },
    sidecars: { exporter: redisExporter },
  };
}

/** Watch the members and, when the master is gone, agree on another. */
export function redisSentinelPlan({ sizes, passwords }: RedisStateArgs): StatefulSetSpec {
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
      scripts: scripts("names.sh", "start-sentinel.sh"),
    },
    secrets: { auth: redisSecrets(passwords).auth },
  };
}

const facts: Record<string, EnvValue> = {
  POD_NAME: { field: "metadata.name" },
  POD_NAMESPACE: { field: "metadata.namespace" },
};

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
    // The script adds the user of the members, with all passwords that are valid: who may ask a sentinel may have it choose
    // another master.
    "sentinel sentinel-pass @PASSWORD@",
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
