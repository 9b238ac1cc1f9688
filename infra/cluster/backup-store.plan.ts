import type { Input } from "@pulumi/pulumi";
import { portOf } from "../lib/endpoints.ts";
import type { DeploymentSpec } from "../lib/workload.types.ts";

/** A stack that keeps its backups here. */
export interface Tenant {
  stack: string;
  bucket: string;
  accessKey: string;
  secretKey: Input<string>;
}

export interface BackupStoreArgs {
  tenants: readonly Tenant[];
  /** Users of the store as its own file, from `usersFile`. */
  users: Input<string>;
  /** Secret of the administrator, who only makes buckets. */
  rootSecret: Input<string>;
  certPem: Input<string>;
  keyPem: Input<string>;
  /** Size of the volume in GiB. */
  volumeGi: number;
}

export const REGION = "us-east-1";
const ADMIN = "administrator";
const MEMORY_MI = 256;

/** Bucket and key name of a stack; the key opens only that bucket. */
export function tenantOf(stack: string, secretKey: Input<string>): Tenant {
  return { stack, bucket: `media-${stack}`, accessKey: `media-${stack}`, secretKey };
}

/**
 * The accounts file of the store's internal IAM. It is mounted read-only, so that a tenant who leaves the configuration
 * is locked out without a further step.
 */
export function usersFile(tenants: readonly { accessKey: string; secretKey: string }[]): string {
  const accounts = tenants.map(({ accessKey, secretKey }) => {
    return [accessKey, { access: accessKey, secret: secretKey, role: "user", userID: 0, groupID: 0, projectID: 0 }];
  });
  return JSON.stringify({ accessAccounts: Object.fromEntries(accounts) });
}

/** S3 over a folder of a volume that outlives every stack. */
export function backupStorePlan(args: BackupStoreArgs): DeploymentSpec {
  const port = portOf("backup-store", "s3");
  return {
    name: "backup-store",
    component: "cluster",
    // One process owns the volume.
    rollout: { recreate: true },
    image: "versitygw",
    command: ["/bin/sh", "/opt/backup-store/serve.sh"],
    env: { VGW_REGION: REGION, VGW_IAM_DIR: "/run/secrets/users", VGW_HEALTH: "/health", VGW_PORT: `:${port}` },
    init: {
      buckets: {
        image: "versitygw",
        command: ["/bin/sh", "/opt/backup-store/buckets.sh"],
        env: { VGW_REGION: REGION, ADMIN_REGION: REGION, VGW_IAM_DIR: "/run/secrets/users" },
        mounts: ["data", "root", "scripts", "tmp", "users"],
        resources: { memoryMi: MEMORY_MI },
      },
    },
    files: {
      scripts: {
        path: "/opt/backup-store",
        data: { "serve.sh": SERVE, "buckets.sh": BUCKETS, tenants: tenantLines(args.tenants) },
      },
    },
    secrets: {
      root: { path: "/run/secrets/root", data: { secret: args.rootSecret } },
      tls: { path: "/run/secrets/tls", data: { "tls.crt": args.certPem, "tls.key": args.keyPem } },
      users: { path: "/run/secrets/users", data: { "users.json": args.users } },
    },
    volumes: { data: { type: "claim", path: "/data", sizeGi: args.volumeGi, retain: true } },
    probes: {
      startup: { path: "/health", port: "s3", scheme: "HTTPS" },
      readiness: { path: "/health", port: "s3", scheme: "HTTPS" },
      liveness: { path: "/health", port: "s3", scheme: "HTTPS", failures: 6 },
    },
    resources: { cpuMilli: 15, memoryMi: MEMORY_MI },
  };
}

function tenantLines(tenants: readonly Tenant[]): string {
  return tenants.map(({ bucket, accessKey }) => `${bucket} ${accessKey}\n`).join("");
}

/**
 * The store reads the administrator's key from its environment only: it is set here, where no manifest shows it.
 * Metadata lies beside the objects and not in extended attributes, which not every volume has.
 */
const COMMON = `set -eu
export ROOT_ACCESS_KEY=${ADMIN} ROOT_SECRET_KEY="$(cat /run/secrets/root/secret)"
mkdir -p /data/objects /data/metadata
`;

const SERVE = `${COMMON}exec versitygw --cert /run/secrets/tls/tls.crt --key /run/secrets/tls/tls.key --quiet \\
  posix --sidecar /data/metadata /data/objects
`;

/** Before the store opens: every tenant has its bucket, and owns it. Only this pod's own loopback is served meanwhile. */
const BUCKETS = `${COMMON}versitygw --port 127.0.0.1:7070 --quiet posix --sidecar /data/metadata /data/objects &
gateway=$!
export ADMIN_ACCESS_KEY="$ROOT_ACCESS_KEY" ADMIN_SECRET_KEY="$ROOT_SECRET_KEY" ADMIN_ENDPOINT_URL=http://127.0.0.1:7070
for attempt in $(seq 100); do
  existing="$(versitygw admin list-buckets 2>/tmp/error)" && break
  [ "$attempt" -lt 100 ] || { cat /tmp/error >&2; exit 1; }
  sleep 0.2
done
while read -r bucket owner; do
  if echo "$existing" | grep -q "^$bucket "; then
    versitygw admin change-bucket-owner --bucket "$bucket" --owner "$owner"
  else
    versitygw admin create-bucket --bucket "$bucket" --owner "$owner"
  fi
done < /opt/backup-store/tenants
kill "$gateway"
wait "$gateway" || true
`;
