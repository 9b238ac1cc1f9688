import { basename } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { stringify } from "yaml";
import { portOf } from "../../lib/endpoints.ts";
import { readBeside } from "../../lib/files.ts";
import type { Login } from "../../lib/secrets.ts";
import type { PolicyRule, StatefulSetSpec } from "../../lib/workload.types.ts";
import { appliedSettings, MOUNT, patroniConfig, SCOPE, SCOPE_LABEL } from "./patroni.plan.ts";
import { CA_FILES, pgbackrestConfig, pgbackrestSecrets, sourceConfig } from "./pgbackrest.plan.ts";
import {
  EXPIRY,
  expirer,
  exporter,
  keeper,
  PATRONI_NAME,
  type SidecarArgs,
  storeAccess,
  watcher,
} from "./sidecars.plan.ts";

export interface PostgresArgs extends SidecarArgs {
  stack: string;
  /** The application's login: its name follows from its password, so that two are valid while one follows the other. */
  login: Login;
  passwords: Record<"superuser" | "replication" | "pooler" | "patroni" | "responder", pulumi.Input<string>>;
}

/** Files of the members' ConfigMap that are the same for every stack, in this folder. */
export const SCRIPTS = [
  "pgbackrest-push.sh",
  "bootstrap.sh",
  "expirer.sh",
  "fetch-wal.sh",
  "forget-address.py",
  "hand-over.sh",
  "keeper.sh",
  "pause-poolers.sh",
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
  const { sizes, backups } = args;
  const [ownFiles, ownSecrets] = [files(args), secrets(args)];
  const volumes: NonNullable<StatefulSetSpec["volumes"]> = {
    data: { type: "claim", path: MOUNT, sizeGi: sizes.volumeGi },
    run: { type: "scratch", path: "/var/run/postgresql", sizeMi: 16 },
    // The runtime's own is 64 MB, which parallel queries outgrow.
    shm: { type: "scratch", path: "/dev/shm", sizeMi: 128, inMemory: true },
  };
  return {
    name: "postgres",
    component: "data",
    kind: "StatefulSet",
    serviceName: "postgres-members",
    image: "postgres",
    command: ["/opt/scripts/start.sh"],
    env: { ...podFacts, ...storeAccess(args) },
    // A standby's database has the passwords of the stack that it follows, with which its own members cannot log in at each other.
    members: backups.standby ? 1 : sizes.members,
    podLabels: { [SCOPE_LABEL]: SCOPE },
    // Members stream from each other and, asked by Patroni, look at each other's state.
    connectsTo: [
      "kubernetes-api",
      "external-backup-store",
      "pgbouncer-followers:follower",
      "postgres-members:postgresql",
      "postgres-members:patroni",
    ],
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
    files: ownFiles,
    secrets: ownSecrets,
    volumes,
    // Who is in this container, by SQL or otherwise, cannot delete a backup.
    mounts: ["tmp", ...Object.keys({ ...ownFiles, ...ownSecrets, ...volumes })]
      .filter((name) => name !== EXPIRY.secret)
      .sort(),
    sidecars: {
      exporter: exporter(),
      keeper: keeper(args),
      watcher: watcher(args),
      ...(backups.expiry ? { expirer: expirer(args) } : {}),
    },
    rbac: { namespace: patroniRules },
    timeoutSeconds: 600,
  };
}

/**
 * What only the pod knows, under the names that Patroni and, in `kubectl exec`, patronictl read. A value may use `$(NAME)` of
 * a variable before it in the alphabet.
 */
const podFacts = {
  FOLLOWERS: "pgbouncer-followers",
  FOLLOWER_PORT: String(portOf("pgbouncer", "follower")),
  PATRONICTL_CONFIG_FILE: "/tmp/patroni",
  PATRONI_KUBERNETES_NAMESPACE: { field: "metadata.namespace" },
  PATRONI_KUBERNETES_POD_IP: { field: "status.podIP" },
  PATRONI_NAME,
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

function files({ stack, sizes, backup, backups }: PostgresArgs): NonNullable<StatefulSetSpec["files"]> {
  const source = backups.restoreFrom;
  const follows = backups.standby ?? false;
  const scripts = SCRIPTS.map((file) => [basename(file), readBeside(import.meta.url, file)] as const);
  return {
    patroni: {
      path: "/etc/patroni",
      reload: true,
      data: {
        "patroni.yml": yaml11(patroniConfig(stack, sizes, follows)),
        "shared.json": JSON.stringify(appliedSettings(sizes, follows), null, 2),
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
      data: { "keys.conf": pgbackrestSecrets(backups) },
    },
    ...(backups.restoreFrom
      ? {
          "pgbackrest-source-secrets": {
            path: "/run/secrets/pgbackrest-source",
            reload: true,
            data: { "keys.conf": pgbackrestSecrets(backups.restoreFrom) },
          },
        }
      : {}),
    ...(backups.expiry
      ? {
          [EXPIRY.secret]: {
            path: EXPIRY.path,
            reload: true,
            data: { "keys.conf": pgbackrestSecrets({ ...backups, ...backups.expiry }) },
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
        "responder-password": passwords.responder,
        "superuser-password": passwords.superuser,
      },
    },
  };
}
