import { SLOW_QUERY_SECONDS } from "@media/service/objectives";
import type { Tier } from "../../config/tiers.ts";
import { portOf } from "../../lib/endpoints.ts";
import { selectorLabels } from "../../lib/naming.ts";

/** PGDATA is a folder below the mount, because it must be 0700 and the mount's own mode is not ours to choose. */
export const MOUNT = "/var/lib/postgresql/data";
export const DATA = `${MOUNT}/pgdata`;
/** Label by which Patroni knows the pods of one cluster, and the cluster's name. */
export const SCOPE_LABEL = "cluster-name";
export const SCOPE = "postgres";

/** Map of user names in pg_ident. */
const OF_THE_POD = "of_the_pod";

type Sizes = Tier["postgres"];

/** Settings that all members share: Patroni keeps them in Kubernetes and the keeper puts them there. */
export function sharedSettings(sizes: Sizes) {
  return {
    // A lease of 20 s: long enough for a slow API server, short enough for the write gap when a node vanishes.
    ttl: 20,
    loop_wait: 5,
    retry_timeout: 5,
    // A crashed primary does not wait for its own recovery: a synchronous standby takes over at once.
    primary_start_timeout: 0,
    maximum_lag_on_failover: 1048576,
    // No acknowledged write is lost in a failover; with no standby left, writes go on.
    synchronous_mode: sizes.members > 1,
    // With the Kubernetes API away the primary stays primary as long as it reaches all members.
    failsafe_mode: true,
    postgresql: {
      use_pg_rewind: true,
      use_slots: true,
      parameters: {
        max_connections: sizes.maxConnections,
        max_wal_senders: 10,
        max_replication_slots: 10,
        max_worker_processes: 8,
        wal_level: "replica",
        wal_log_hints: "on",
        hot_standby: "on",
      },
    },
  };
}

/** How a standby stack gets its data, in the words of Patroni's `standby_cluster`: from the store alone, for clusters do not see each other. */
const FOLLOWED = {
  create_replica_methods: ["source"],
  restore_command: '/opt/scripts/fetch-wal.sh follow %f "%p"',
};

/**
 * The shared settings as the watcher keeps them in Patroni. What is null there, Patroni forgets: a stack that does not follow
 * any more is promoted.
 */
export function appliedSettings(sizes: Sizes, follows: boolean) {
  return { ...sharedSettings(sizes), standby_cluster: follows ? FOLLOWED : null };
}

/**
 * Patroni's own file. Passwords come from a second one, in a Secret.
 *
 * @param follows whether the stack is a standby of another one
 */
export function patroniConfig(stack: string, sizes: Sizes, follows = false) {
  return {
    scope: SCOPE,
    kubernetes: {
      labels: selectorLabels(stack, "postgres"),
      scope_label: SCOPE_LABEL,
      use_endpoints: true,
      // The Service's port has this name too, or kube-proxy sees no endpoint.
      ports: [{ name: "postgresql", port: portOf("postgres", "postgresql") }],
    },
    restapi: { listen: `0.0.0.0:${portOf("postgres", "patroni")}` },
    bootstrap: {
      dcs: { ...sharedSettings(sizes), ...(follows ? { standby_cluster: FOLLOWED } : {}) },
      method: "backup_or_empty",
      backup_or_empty: {
        command: "/opt/scripts/bootstrap.sh",
        // pgBackRest writes how to recover; an empty cluster has nothing to keep.
        keep_existing_recovery_conf: true,
      },
      post_bootstrap: "/opt/scripts/roles.sh",
    },
    postgresql: {
      listen: `0.0.0.0:${portOf("postgres", "postgresql")}`,
      data_dir: DATA,
      bin_dir: "/usr/lib/postgresql/17/bin",
      pgpass: "/tmp/pgpass",
      use_unix_socket: true,
      use_unix_socket_repl: true,
      // A primary first has the poolers hold their clients back. Bounded, because a member without its lease must stop in time.
      before_stop: "timeout 2 /opt/scripts/pause-poolers.sh",
      // Also without a leader: with all volumes lost and Patroni's state kept, there is no member to copy from.
      create_replica_methods: ["store", "basebackup"],
      store: { command: "/opt/scripts/replica-from-store.sh", no_leader: true },
      ...(follows
        ? { source: { command: "/opt/scripts/replica-from-store.sh", no_leader: true, origin: "source" } }
        : {}),
      basebackup: [{ checkpoint: "fast" }],
      // What its primary has removed a standby finds in the store.
      recovery_conf: { restore_command: '/opt/scripts/fetch-wal.sh standby %f "%p"' },
      // A former primary whose rewind fails is made anew; what it had and no other member, no client was told of, or the
      // synchronous mode was off.
      remove_data_directory_on_rewind_failure: true,
      remove_data_directory_on_diverged_timelines: true,
      pg_ident: [`${OF_THE_POD} postgres exporter`],
      pg_hba: [
        "local all postgres peer",
        // The exporter beside it runs as the same user: no password, none to replace.
        `local media exporter peer map=${OF_THE_POD}`,
        "local replication replicator scram-sha-256",
        "host replication replicator all scram-sha-256",
        "host all all all scram-sha-256",
      ],
      parameters: localParameters(sizes),
    },
  };
}

function localParameters(sizes: Sizes) {
  return {
    unix_socket_directories: "/var/run/postgresql",
    shared_buffers: `${sizes.sharedBuffersMi}MB`,
    effective_cache_size: `${Math.floor(sizes.memoryMi / 2)}MB`,
    work_mem: "4MB",
    maintenance_work_mem: `${Math.max(32, Math.floor(sizes.memoryMi / 16))}MB`,
    max_wal_size: "512MB",
    // The volume is local and small: bounds what a standby that is away can hold back.
    max_slot_wal_keep_size: "1GB",
    wal_compression: "on",
    checkpoint_completion_target: 0.9,
    random_page_cost: 1.1,
    // Plans here are short: compiling them costs more than it saves.
    jit: "off",
    // A dead client or peer is noticed in seconds, not in the kernel's two hours.
    tcp_keepalives_idle: 30,
    tcp_keepalives_interval: 5,
    tcp_keepalives_count: 3,
    wal_sender_timeout: "10s",
    wal_receiver_timeout: "10s",
    idle_in_transaction_session_timeout: "60s",
    lock_timeout: "30s",
    archive_mode: "on",
    // pgBackRest takes no backup of a database whose command does not have its name.
    archive_command: "/opt/scripts/pgbackrest-push.sh %p",
    // At most this much acknowledged work is missing from the store when everything else is lost.
    archive_timeout: "60s",
    shared_preload_libraries: "auto_explain,pg_stat_statements",
    // The plan of each slow statement, also inside functions; without timing every node of every plan, which costs.
    "auto_explain.log_min_duration": `${SLOW_QUERY_SECONDS * 1_000}ms`,
    "auto_explain.log_format": "json",
    "auto_explain.log_nested_statements": "on",
    // Parameters are people's data: neither here, nor with slow statements, nor with errors.
    "auto_explain.log_parameter_max_length": 0,
    log_parameter_max_length: 0,
    log_parameter_max_length_on_error: 0,
    "pg_stat_statements.max": 1000,
    "pg_stat_statements.track": "top",
    track_io_timing: "on",
    password_encryption: "scram-sha-256",
    log_checkpoints: "on",
    log_lock_waits: "on",
    log_min_duration_statement: "500ms",
    log_line_prefix: "%m [%p] %q%u@%d/%a ",
  };
}
