import type { Tier } from "../../config/tiers.ts";
import { portOf } from "../../lib/endpoints.ts";
import type { DeploymentSpec } from "../../lib/workload.types.ts";
import { maxMemory, type Passwords, redisExporter, redisSecrets } from "./exporter.plan.ts";
import { scripts } from "./scripts.plan.ts";

export interface RedisCacheArgs {
  sizes: Tier["redisCache"];
  passwords: Passwords;
}

/** What can be computed again: it evicts what is used least and keeps nothing over a restart. */
export function redisCachePlan({ sizes, passwords }: RedisCacheArgs): DeploymentSpec {
  const { memoryMi } = sizes;
  return {
    name: "redis-cache",
    component: "data",
    image: "redis",
    command: ["/opt/scripts/start-cache.sh"],
    metrics: { port: "metrics" },
    probes: { readiness: { port: "redis" }, liveness: { port: "redis", periodSeconds: 10 } },
    resources: { memoryMi },
    files: {
      config: { path: "/etc/redis", data: { "redis.conf": config(memoryMi) } },
      scripts: scripts("start-cache.sh"),
    },
    secrets: redisSecrets(passwords),
    sidecars: { exporter: redisExporter },
  };
}

function config(memoryMi: number): string {
  const lines = [
    "include /run/secrets/redis/auth.conf",
    "bind 0.0.0.0",
    `port ${portOf("redis-cache", "redis")}`,
    "dir /tmp",
    'save ""',
    "appendonly no",
    `maxmemory ${maxMemory(memoryMi)}`,
    "maxmemory-policy allkeys-lfu",
    "tcp-keepalive 30",
  ];
  return `${lines.join("\n")}\n`;
}
