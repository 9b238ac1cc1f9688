import type { Input } from "@pulumi/pulumi";
import { portOf } from "../lib/endpoints.ts";
import type { DeploymentSpec } from "../lib/workload.types.ts";

/** A stack that keeps its backups here. */
export interface Tenant {
  stack: string;
  bucket: string;
  /** Pairs that write and cannot delete. The one that is used first; a second one while one follows the other. */
  keys: readonly KeyPair[];
  /** The same, of pairs that may delete. */
  expiry: readonly KeyPair[];
  /** Key by which the stack encrypts its backups. It is made here, because it has to outlive the stack. */
  cipherPass: Input<string>;
}

export interface KeyPair {
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

/** Values of one secret, by generation. */
type Generations = readonly (readonly [generation: number, secretKey: Input<string>])[];

/** Bucket and key names of a stack; the keys open only that bucket. */
export function tenantOf(
  stack: string,
  { keys, expiry, cipherPass }: { keys: Generations; expiry: Generations; cipherPass: Input<string> },
): Tenant {
  const bucket = `media-${stack}`;
  return { stack, bucket, keys: pairs(bucket, keys), expiry: pairs(`${bucket}-expiry`, expiry), cipherPass };
}

function pairs(name: string, generations: Generations): KeyPair[] {
  return generations.map(([generation, secretKey]) => {
    return { accessKey: generation === 1 ? name : `${name}-${generation}`, secretKey };
  });
}

/** What a backup needs: to look, to read and to write, whole or in parts. */
const APPEND = [
  "s3:GetBucketLocation",
  "s3:GetObject",
  "s3:ListBucket",
  "s3:PutObject",
  "s3:AbortMultipartUpload",
  "s3:ListBucketMultipartUploads",
  "s3:ListMultipartUploadParts",
];

/**
 * Who writes cannot delete. One name is excepted, which never exists here: at the end of each backup pgBackRest removes a link
 * to the newest one, before it adds the backup to its list.
 */
export function bucketPolicy({ bucket, keys, expiry }: Pick<Tenant, "bucket" | "keys" | "expiry">): string {
  const whole = [`arn:aws:s3:::${bucket}`, `arn:aws:s3:::${bucket}/*`];
  const allow = (who: readonly KeyPair[], Action: readonly string[], Resource: readonly string[]) => {
    return { Effect: "Allow", Principal: { AWS: who.map(({ accessKey }) => accessKey) }, Action, Resource };
  };
  const Statement = [
    allow(keys, APPEND, whole),
    allow(keys, ["s3:DeleteObject"], [`arn:aws:s3:::${bucket}/*/backup/main/latest`]),
    allow(expiry, [...APPEND, "s3:DeleteObject"], whole),
  ];
  return JSON.stringify({ Version: "2012-10-17", Statement });
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
        data: {
          "serve.sh": SERVE,
          "buckets.sh": BUCKETS,
          tenants: tenantLines(args.tenants),
          ...Object.fromEntries(args.tenants.map((tenant) => [`${tenant.bucket}.json`, bucketPolicy(tenant)])),
        },
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
  return tenants.map(({ bucket, expiry }) => `${bucket} ${expiry[0]?.accessKey}\n`).join("");
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

/**
 * Before the store opens: every tenant has its bucket. Only this pod's own loopback is served meanwhile. A
 * bucket's policy is a file of the store's metadata, because its command line cannot set one.
 */
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
  mkdir -p "/data/metadata/$bucket/meta"
  cp "/opt/backup-store/$bucket.json" "/data/metadata/$bucket/meta/policy.new"
  mv "/data/metadata/$bucket/meta/policy.new" "/data/metadata/$bucket/meta/policy"
done < /opt/backup-store/tenants
kill "$gateway"
wait "$gateway" || true
`;
