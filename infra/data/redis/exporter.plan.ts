import * as pulumi from "@pulumi/pulumi";
import type { ContainerSpec } from "../../lib/workload.types.ts";

const ADDRESS = "redis://127.0.0.1:6379";

/** Beside each Redis server. Its secret is `redisSecrets`' part `exporter`. */
export const redisExporter: ContainerSpec = {
  image: "redis-exporter",
  command: ["/usr/bin/prometheus-redis-exporter"],
  env: { REDIS_ADDR: ADDRESS, REDIS_PASSWORD_FILE: "/run/secrets/exporter/passwords.json" },
  ports: ["metrics"],
  mounts: ["exporter"],
  resources: { memoryMi: 48 },
};

/** The password in the two forms that Redis and its exporter read. */
export function redisSecrets(password: pulumi.Input<string>) {
  return {
    auth: {
      path: "/run/secrets/redis",
      data: { "auth.conf": pulumi.interpolate`requirepass ${password}\nmasterauth ${password}\n`, password },
    },
    exporter: {
      path: "/run/secrets/exporter",
      data: { "passwords.json": pulumi.interpolate`{"${ADDRESS}":"${password}"}` },
    },
  };
}

/** What Redis may use of its container's memory: the rest is for buffers and for the copy that a rewrite makes. */
export function maxMemory(memoryMi: number): string {
  return `${Math.floor(memoryMi * 0.6)}mb`;
}
