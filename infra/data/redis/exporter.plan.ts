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

/** The passwords that are valid now: the one that is used first, and while one follows the other a second one. */
export type Passwords = readonly pulumi.Input<string>[];

/**
 * In the forms that Redis, its scripts and its exporter read. The one user has all of them. passwords.sh has running servers
 * take over changes.
 */
export function redisSecrets(passwords: Passwords) {
  const password = passwords[0] ?? "";
  const accepted = pulumi.all([...passwords]).apply((all) => all.map((text) => ` >${text}`).join(""));
  return {
    auth: {
      path: "/run/secrets/redis",
      reload: true,
      data: {
        "auth.conf": pulumi.interpolate`user default on ~* &* +@all${accepted}\nmasterauth ${password}\n`,
        password,
      },
    },
    exporter: {
      path: "/run/secrets/exporter",
      reload: true,
      data: { "passwords.json": pulumi.interpolate`{"${ADDRESS}":"${password}"}` },
    },
  };
}

/** What Redis may use of its container's memory: the rest is for buffers and for the copy that a rewrite makes. */
export function maxMemory(memoryMi: number): string {
  return `${Math.floor(memoryMi * 0.6)}mb`;
}
