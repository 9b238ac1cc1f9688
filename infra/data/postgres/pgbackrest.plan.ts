import type { BackupsConfig } from "../../config/schema.ts";
import { DATA } from "./patroni.plan.ts";

/** pgBackRest's file without its secrets. `keep`: number of full backups that stay in the store. */
export function pgbackrestConfig(store: BackupsConfig, keep: number): string {
  const { hostname, port } = new URL(store.endpoint);
  const global = {
    "repo1-type": "s3",
    "repo1-path": "/postgres",
    "repo1-s3-endpoint": hostname,
    "repo1-storage-port": port || 443,
    "repo1-s3-bucket": store.bucket,
    "repo1-s3-region": store.region,
    "repo1-s3-uri-style": "path",
    ...(store.caPem ? { "repo1-storage-ca-file": "/etc/pgbackrest/ca.pem" } : {}),
    ...(store.cipherPass ? { "repo1-cipher-type": "aes-256-cbc" } : {}),
    "repo1-bundle": "y",
    "repo1-block": "y",
    "repo1-retention-full": keep,
    "compress-type": "zst",
    "process-max": 2,
    "start-fast": "y",
    // The archive is checked as part of each backup; a store that is away must not hold PostgreSQL up for long.
    "archive-timeout": 60,
    "io-timeout": 20,
    "lock-path": "/tmp/pgbackrest",
    "log-level-console": "warn",
    "log-level-file": "off",
  };
  const main = { "pg1-path": DATA, "pg1-socket-path": "/var/run/postgresql", "pg1-user": "postgres" };
  return `${section("global", global)}\n${section("main", main)}`;
}

/** The secret half: the second file that pgBackRest reads. */
export function pgbackrestSecrets(store: BackupsConfig): string {
  return section("global", {
    "repo1-s3-key": store.accessKey,
    "repo1-s3-key-secret": store.secretKey,
    ...(store.cipherPass ? { "repo1-cipher-pass": store.cipherPass } : {}),
  });
}

function section(name: string, options: Record<string, string | number>): string {
  const lines = Object.entries(options).map(([key, value]) => `${key}=${value}\n`);
  return `[${name}]\n${lines.join("")}`;
}
