import * as pulumi from "@pulumi/pulumi";
import { stringify } from "yaml";
import type { BackupsConfig } from "../../config/schema.ts";
import type { Tier } from "../../config/tiers.ts";
import { portOf } from "../../lib/endpoints.ts";
import { readBeside } from "../../lib/files.ts";
import type { ContainerSpec, PolicyRule, StatefulSetSpec } from "../../lib/workload.types.ts";
import { DATABASE } from "../handles.ts";
import { MOUNT, patroniConfig, SCOPE, SCOPE_LABEL, sharedSettings } from "./patroni.plan.ts";
import { pgbackrestConfig, pgbackrestSecrets } from "./pgbackrest.plan.ts";

export interface PostgresArgs {
  stack: string;
  sizes: Tier["postgres"];
  backup: Tier["backup"];
  backups: BackupsConfig;
  passwords: Record<"superuser" | "replication" | "application" | "exporter" | "patroni", pulumi.Input<string>>;
}

const SCRIPTS = [
  "bootstrap.sh",
  "fetch-wal.sh",
  "forget-address.py",
  "keeper.sh",
  "probe-store.sh",
  "roles.sh",
  "roles.sql",
  "start.sh",
];

/** PostgreSQL 17: members under Patroni, which elects the primary through the Kubernetes API. */
export function postgresPlan(args: PostgresArgs): StatefulSetSpec {
  const { sizes } = args;
  return {
    name: "postgres",
    component: "data",
    kind: "StatefulSet",
    serviceName: "postgres-members",
    image: "postgres",
    command: ["/opt/scripts/start.sh"],
    env: { ...podFacts, ...storeAccess(args) },
    members: sizes.members,
    podLabels: { [SCOPE_LABEL]: SCOPE },
    // Members stream from each other and, asked by Patroni, look at each other's state.
    connectsTo: ["kubernetes-api", "external-backup-store", "postgres-members:postgresql", "postgres-members:patroni"],
    metrics: { port: "metrics" },
    probes: {
      startup: { path: "/liveness", port: "patroni" },
      readiness: { path: "/readiness", port: "patroni" },
      // Finds a frozen member sooner than the lease ends.
      liveness: { path: "/liveness", port: "patroni", timeoutSeconds: 3 },
    },
    // Patroni hands over as soon as it is told to stop; waiting first would only lengthen the gap.
    drain: { preStopSeconds: 0, graceSeconds: 60 },
    resources: { cpuMilli: 40, memoryMi: sizes.memoryMi },
    files: files(args),
    secrets: secrets(args),
    volumes: {
      data: { type: "claim", path: MOUNT, sizeGi: sizes.volumeGi },
      run: { type: "scratch", path: "/var/run/postgresql", sizeMi: 16 },
      // The runtime's own is 64 MB, which parallel queries outgrow.
      shm: { type: "scratch", path: "/dev/shm", sizeMi: 128, inMemory: true },
    },
    sidecars: { exporter: exporter(), keeper: keeper(args) },
    rbac: { namespace: patroniRules },
    timeoutSeconds: 600,
  };
}

/**
 * What only the pod knows, under the names that Patroni and, in `kubectl exec`, patronictl read. A value may use `$(NAME)` of
 * a variable before it in the alphabet.
 */
const podFacts = {
  PATRONICTL_CONFIG_FILE: "/tmp/patroni",
  PATRONI_KUBERNETES_NAMESPACE: { field: "metadata.namespace" },
  PATRONI_KUBERNETES_POD_IP: { field: "status.podIP" },
  PATRONI_NAME: { field: "metadata.name" },
  PATRONI_POSTGRESQL_CONNECT_ADDRESS: `$(PATRONI_KUBERNETES_POD_IP):${portOf("postgres", "postgresql")}`,
  PATRONI_RESTAPI_CONNECT_ADDRESS: `$(PATRONI_KUBERNETES_POD_IP):${portOf("postgres", "patroni")}`,
};

/** Patroni keeps its state in Endpoints, labels the pods, and makes a Service so that nobody tidies its Endpoints away. */
const patroniRules: PolicyRule[] = [
  {
    apiGroups: [""],
    resources: ["endpoints"],
    verbs: ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"],
  },
  { apiGroups: [""], resources: ["pods"], verbs: ["get", "list", "patch", "update", "watch"] },
  { apiGroups: [""], resources: ["services"], verbs: ["create"] },
];

function storeAccess({ backups }: PostgresArgs) {
  return { BACKUP_ENDPOINT: backups.endpoint, PGBACKREST_CONFIG_INCLUDE_PATH: "/run/secrets/pgbackrest" };
}

function files({ stack, sizes, backup, backups }: PostgresArgs): NonNullable<StatefulSetSpec["files"]> {
  const scripts = SCRIPTS.map((file) => [file, readBeside(import.meta.url, file)] as const);
  return {
    patroni: {
      path: "/etc/patroni",
      reload: true,
      data: {
        "patroni.yml": yaml11(patroniConfig(stack, sizes)),
        "shared.json": JSON.stringify(sharedSettings(sizes), null, 2),
      },
    },
    pgbackrest: {
      path: "/etc/pgbackrest",
      reload: true,
      data: { "pgbackrest.conf": pgbackrestConfig(backups, backup.keep), "ca.pem": backups.caPem ?? "" },
    },
    scripts: { path: "/opt/scripts", executable: true, data: Object.fromEntries(scripts) },
  };
}

/** Patroni reads YAML 1.1, in which a bare `on` is no text but a truth value. */
function yaml11(value: unknown): string {
  return stringify(value, { version: "1.1", lineWidth: 0 });
}

function secrets({ backups, passwords }: PostgresArgs): NonNullable<StatefulSetSpec["secrets"]> {
  const authentication = pulumi.interpolate`postgresql:
  authentication:
    superuser: {username: postgres, password: ${passwords.superuser}}
    replication: {username: replicator, password: ${passwords.replication}}
    rewind: {username: postgres, password: ${passwords.superuser}}
restapi:
  authentication: {username: patroni, password: ${passwords.patroni}}
`;
  return {
    "patroni-secrets": {
      path: "/run/secrets/patroni",
      reload: true,
      data: { "secrets.yml": authentication, "curl.conf": pulumi.interpolate`user = "patroni:${passwords.patroni}"\n` },
    },
    "pgbackrest-secrets": {
      path: "/run/secrets/pgbackrest",
      reload: true,
      data: { "keys.conf": pulumi.secret(pgbackrestSecrets(backups)) },
    },
    exporter: { path: "/run/secrets/exporter", data: { password: passwords.exporter } },
    roles: {
      path: "/run/secrets/roles",
      data: { "database-password": passwords.application, "exporter-password": passwords.exporter },
    },
  };
}

/** Off by default: the statements that take the most time (by id, never by text), what runs for long, checkpoints. */
const COLLECTORS = ["stat_statements", "long_running_transactions", "stat_checkpointer"].map(
  (name) => `--collector.${name}`,
);

function exporter(): ContainerSpec {
  const [database, metrics] = [portOf("postgres", "postgresql"), portOf("postgres", "metrics")];
  return {
    image: "postgres-exporter",
    command: ["/usr/bin/prometheus-postgres-exporter", `--web.listen-address=:${metrics}`, ...COLLECTORS],
    env: {
      DATA_SOURCE_URI: `127.0.0.1:${database}/${DATABASE}?sslmode=disable`,
      DATA_SOURCE_USER: "exporter",
      DATA_SOURCE_PASS_FILE: "/run/secrets/exporter/password",
    },
    ports: ["metrics"],
    mounts: ["exporter"],
    resources: { memoryMi: 64 },
  };
}

/** Applies changed settings and takes the backups; it runs where the data is, and acts on the primary only. */
function keeper(args: PostgresArgs): ContainerSpec {
  return {
    image: "postgres",
    command: ["/opt/scripts/keeper.sh"],
    env: { ...storeAccess(args), BACKUP_EVERY_HOURS: String(args.backup.everyHours) },
    mounts: ["data", "patroni", "patroni-secrets", "pgbackrest", "pgbackrest-secrets", "run", "scripts", "tmp"],
    resources: { memoryMi: 256, requestMi: 32 },
  };
}
