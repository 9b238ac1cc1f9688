import * as pulumi from "@pulumi/pulumi";
import type { StoreConfig } from "../../config/schema.ts";
import { DATA } from "./patroni.plan.ts";

/** Where the certificate authorities of the stores are in the pod. */
export const CA_FILES = { own: "ca.pem", source: "source-ca.pem" } as const;

/** The stack's own store, and the one that it begins from or follows. */
export type Stores = StoreConfig & {
  restoreFrom?: StoreConfig | undefined;
  /** Whether it follows that one. @default false */
  standby?: boolean;
  /** Keys that may delete, where the others may not. */
  expiry?: Pick<StoreConfig, "accessKey" | "secretKey"> | undefined;
};

export interface Keeping {
  /** Number of full backups that stay in the store. */
  keep: number;
  /** Size of the database's volume in GiB. */
  volumeGi: number;
}

/** The share of the volume that may wait for a store that is away; then the oldest is dropped, and the database lives. */
const MOST_WAITING = 0.4;

/** pgBackRest's file without its secrets, for the stack's own store. */
export function pgbackrestConfig(store: Stores, { keep, volumeGi }: Keeping): string {
  const waiting = `${Math.floor(volumeGi * 1024 * MOST_WAITING)}MiB`;
  const own = { ...repository(store, "own"), "repo1-retention-full": keep, "archive-push-queue-max": waiting };
  // The keys of a backup then cannot delete.
  if (store.expiry) Object.assign(own, { "expire-auto": "n" });
  return `${section("global", own)}\n${section("main", main)}`;
}

/** The same for the store that the stack is restored from, which is only read. */
export function sourceConfig(store: StoreConfig): string {
  return `${section("global", repository(store, "source"))}\n${section("main", main)}`;
}

function repository(store: StoreConfig, origin: keyof typeof CA_FILES) {
  const { hostname, port } = new URL(store.endpoint);
  return {
    "repo1-type": "s3",
    "repo1-path": store.cipherPass ? "/postgres-encrypted" : "/postgres",
    "repo1-s3-endpoint": hostname,
    "repo1-storage-port": port || 443,
    "repo1-s3-bucket": store.bucket,
    "repo1-s3-region": store.region,
    "repo1-s3-uri-style": "path",
    ...(store.caPem ? { "repo1-storage-ca-file": `/etc/pgbackrest/${CA_FILES[origin]}` } : {}),
    ...(store.cipherPass ? { "repo1-cipher-type": "aes-256-cbc" } : {}),
    "repo1-bundle": "y",
    "repo1-block": "y",
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
}

const main = { "pg1-path": DATA, "pg1-socket-path": "/var/run/postgresql", "pg1-user": "postgres" };

/** The secret half: the second file that pgBackRest reads. */
export function pgbackrestSecrets({ accessKey, secretKey, cipherPass }: StoreConfig): pulumi.Output<string> {
  const keys = { "repo1-s3-key": accessKey, "repo1-s3-key-secret": secretKey };
  const text = (pass?: string) => section("global", { ...keys, ...(pass ? { "repo1-cipher-pass": pass } : {}) });
  return pulumi.secret(pulumi.output(cipherPass).apply(text));
}

function section(name: string, options: Record<string, string | number>): string {
  const lines = Object.entries(options).map(([key, value]) => `${key}=${value}\n`);
  return `[${name}]\n${lines.join("")}`;
}
