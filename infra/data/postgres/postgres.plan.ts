import { basename } from "node:path";
import { MOST_LAG_SECONDS } from "@media/service/objectives";
import * as pulumi from "@pulumi/pulumi";
import { stringify } from "yaml";
import type { BackupsConfig } from "../../config/schema.ts";
import type { Tier } from "../../config/tiers.ts";
import { portOf } from "../../lib/endpoints.ts";
import { readBeside } from "../../lib/files.ts";
import type { Login } from "../../lib/secrets.ts";
import type { ContainerSpec, PolicyRule, StatefulSetSpec } from "../../lib/workload.types.ts";
import { DATABASE } from "../handles.ts";
import { DATA, MOUNT, patroniConfig, SCOPE, SCOPE_LABEL, sharedSettings } from "./patroni.plan.ts";
import { CA_FILES, pgbackrestConfig, pgbackrestSecrets, sourceConfig } from "./pgbackrest.plan.ts";

export interface PostgresArgs {
  stack: string;
  sizes: Tier["postgres"];
  backup: Tier["backup"];
  backups: BackupsConfig;
  /** The application's login: its name follows from its password, so that two are valid while one follows the other. */
  login: Login;
  passwords: Record<"superuser" | "replication" | "pooler" | "patroni", pulumi.Input<string>>;
}

const SCRIPTS = [
  "pgbackrest-push.sh",
  "bootstrap.sh",
  "fetch-wal.sh",
  "forget-address.py",
  "hand-over.sh",
  "keeper.sh",
  "probe-store.sh",
  "replica-from-store.sh",
  "retire.sql",
  "roles.sh",
  "roles.sql",
  "start.sh",
  "stores.sh",
  "watcher/credentials.py",
  "watcher/member.py",
  "watcher/restarts.py",
  "watcher/standby.py",
  "watcher/store.py",
  "watcher/watcher.py",
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
    // A planned switchover before the end; Patroni alone would first stop PostgreSQL and then look for another primary.
    drain: { preStopCommand: ["/opt/scripts/hand-over.sh"], graceSeconds: 60 },
    resources: { cpuMilli: 40, memoryMi: sizes.memoryMi },
    files: files(args),
    secrets: secrets(args),
    volumes: {
      data: { type: "claim", path: MOUNT, sizeGi: sizes.volumeGi },
      run: { type: "scratch", path: "/var/run/postgresql", sizeMi: 16 },
      // The runtime's own is 64 MB, which parallel queries outgrow.
      shm: { type: "scratch", path: "/dev/shm", sizeMi: 128, inMemory: true },
    },
    sidecars: { exporter: exporter(), keeper: keeper(args), watcher: watcher(args) },
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

/** Patroni keeps its state in Endpoints, labels the pods, and makes a Service so that no controller removes its Endpoints. */
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
  return {
    BACKUP_ENDPOINT: backups.endpoint,
    PGBACKREST_CONFIG_INCLUDE_PATH: "/run/secrets/pgbackrest",
    ...(backups.restoreFrom ? { RESTORE_ENDPOINT: backups.restoreFrom.endpoint } : {}),
  };
}

function files({ stack, sizes, backup, backups }: PostgresArgs): NonNullable<StatefulSetSpec["files"]> {
  const source = backups.restoreFrom;
  const scripts = SCRIPTS.map((file) => [basename(file), readBeside(import.meta.url, file)] as const);
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
      data: {
        "pgbackrest.conf": pgbackrestConfig(backups, { keep: backup.keep, volumeGi: sizes.volumeGi }),
        [CA_FILES.own]: backups.caPem ?? "",
        ...(source ? { "source.conf": sourceConfig(source), [CA_FILES.source]: source.caPem ?? "" } : {}),
      },
    },
    queries: { path: "/etc/postgres-exporter", data: { "queries.yaml": readBeside(import.meta.url, "queries.yaml") } },
    scripts: { path: "/opt/scripts", executable: true, data: Object.fromEntries(scripts) },
  };
}

/** Patroni reads YAML 1.1, in which a bare `on` is no text but a truth value. */
function yaml11(value: unknown): string {
  return stringify(value, { version: "1.1", lineWidth: 0 });
}

function secrets({ backups, login, passwords }: PostgresArgs): NonNullable<StatefulSetSpec["secrets"]> {
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
      data: {
        "secrets.yml": authentication,
        "curl.conf": pulumi.interpolate`user = "patroni:${passwords.patroni}"\n`,
        "credentials.json": pulumi.jsonStringify({
          patroni: { username: "patroni", password: passwords.patroni },
          replication: { username: "replicator", password: passwords.replication },
        }),
      },
    },
    "pgbackrest-secrets": {
      path: "/run/secrets/pgbackrest",
      reload: true,
      data: { "keys.conf": pulumi.secret(pgbackrestSecrets(backups)) },
    },
    ...(backups.restoreFrom
      ? {
          "pgbackrest-source-secrets": {
            path: "/run/secrets/pgbackrest-source",
            reload: true,
            data: { "keys.conf": pulumi.secret(pgbackrestSecrets(backups.restoreFrom)) },
          },
        }
      : {}),
    // The watcher has the primary take them over whenever one changes.
    roles: {
      path: "/run/secrets/roles",
      reload: true,
      data: {
        "database-password": login.password,
        "database-user": login.user,
        "pooler-password": passwords.pooler,
        "replication-password": passwords.replication,
        "superuser-password": passwords.superuser,
      },
    },
  };
}

/** Off by default: the statements that take the most time (by id, never by text), what runs for long, checkpoints. */
const COLLECTORS = ["stat_statements", "long_running_transactions", "stat_checkpointer"].map(
  (name) => `--collector.${name}`,
);

function exporter(): ContainerSpec {
  return {
    image: "postgres-exporter",
    command: [
      "/usr/bin/prometheus-postgres-exporter",
      `--web.listen-address=:${portOf("postgres", "metrics")}`,
      "--extend.query-path=/etc/postgres-exporter/queries.yaml",
      ...COLLECTORS,
    ],
    // By the socket, where the server knows its user and asks for no password.
    env: { DATA_SOURCE_NAME: `host=/var/run/postgresql user=exporter dbname=${DATABASE} sslmode=disable` },
    ports: ["metrics"],
    mounts: ["queries", "run"],
    resources: { memoryMi: 64 },
  };
}

/** Takes the backups; it runs where the data is, and acts on the primary only. */
function keeper(args: PostgresArgs): ContainerSpec {
  return {
    image: "postgres",
    command: ["/opt/scripts/keeper.sh"],
    env: { ...storeAccess(args), BACKUP_EVERY_HOURS: String(args.backup.everyHours), PGDATA: DATA },
    mounts: ["data", "pgbackrest", "pgbackrest-secrets", "run", "scripts", "tmp"],
    resources: { memoryMi: 256, requestMi: 32 },
  };
}

/** Looks at the member all the time: says whether it may answer, and mends what Patroni leaves (watcher/watcher.py). */
function watcher(args: PostgresArgs): ContainerSpec {
  const { members, maintenanceHours } = args.sizes;
  return {
    image: "postgres",
    command: ["python3", "/opt/scripts/watcher.py"],
    env: {
      ...storeAccess(args),
      MAINTENANCE_HOURS: maintenanceHours,
      MEMBERS: String(members),
      MOST_LAG_SECONDS: String(MOST_LAG_SECONDS),
      PATRONI_NAME: podFacts.PATRONI_NAME,
      WATCHER_PORT: String(portOf("postgres", "watcher")),
    },
    ports: ["watcher"],
    // The pod is ready when all its containers are: a standby without a stream gets no callers, and a rollout waits.
    probes: { readiness: { path: "/ready", port: "watcher", periodSeconds: 3, failures: 2 } },
    mounts: ["patroni", "patroni-secrets", "pgbackrest", "pgbackrest-secrets", "roles", "run", "scripts", "tmp"],
    resources: { memoryMi: 96, requestMi: 32 },
  };
}
