import * as pulumi from "@pulumi/pulumi";
import { RESERVE_POOL } from "../../config/connections.ts";
import type { Tier } from "../../config/tiers.ts";
import { portOf } from "../../lib/endpoints.ts";
import { readBeside } from "../../lib/files.ts";
import type { Login } from "../../lib/secrets.ts";
import type { ContainerSpec, DeploymentSpec } from "../../lib/workload.types.ts";
import { DATABASE, POOLED } from "../handles.ts";

export interface PgbouncerArgs {
  sizes: Tier["pgbouncer"];
  login: Login;
  /** Of the role that looks up logins which the file does not name. */
  poolerPassword: pulumi.Input<string>;
}

const PORT = portOf("pgbouncer", "pgbouncer");
const DATABASE_PORT = portOf("postgres", "postgresql");

/** Transaction pooling in front of the primary and, under a name of its own, of its replicas. */
export function pgbouncerPlan({ sizes, login, poolerPassword }: PgbouncerArgs): DeploymentSpec {
  return {
    name: "pgbouncer",
    component: "data",
    image: "pgbouncer",
    command: ["/usr/sbin/pgbouncer", "/etc/pgbouncer/pgbouncer.ini"],
    replicas: sizes.replicas,
    connectsTo: ["postgres:postgresql", "postgres-replicas:postgresql"],
    metrics: { port: "metrics" },
    probes: { readiness: { port: "pgbouncer" }, liveness: { port: "pgbouncer", periodSeconds: 10 } },
    // PgBouncer ends its clients' connections when it stops: first let them find another one.
    drain: { preStopSeconds: 5, graceSeconds: 35 },
    resources: { cpuMilli: 19, memoryMi: 64 },
    files: {
      config: { path: "/etc/pgbouncer", data: { "pgbouncer.ini": ini(sizes), "hba.conf": HBA } },
      scripts: { path: "/opt/scripts", data: { "follower.py": readBeside(import.meta.url, "follower.py") } },
    },
    secrets: {
      users: {
        path: "/run/secrets/pgbouncer",
        data: { "userlist.txt": userlist(login, poolerPassword) },
      },
      follower: { path: "/run/secrets/follower", data: { password: poolerPassword } },
    },
    sidecars: { exporter, follower },
  };
}

function userlist({ user, password }: Login, poolerPassword: pulumi.Input<string>): pulumi.Output<string> {
  return pulumi.interpolate`"${user}" "${password}"\n"pooler" "${poolerPassword}"\n"stats" ""\n"follower" ""\n`;
}

/** The console is open to the exporter and the follower beside it, without a password that would have to be in their environment. */
const HBA = [
  "host pgbouncer stats,follower 127.0.0.1/32 trust",
  "host pgbouncer all 0.0.0.0/0 reject",
  "host all all 0.0.0.0/0 scram-sha-256",
  "",
].join("\n");

/** Clients that are held back wait no longer than this, which is less than `query_wait_timeout`. */
const MOST_PAUSE_SECONDS = 8;

/** Holds clients back while the primary changes as planned (follower.py). */
const follower: ContainerSpec = {
  image: "postgres",
  command: ["python3", "/opt/scripts/follower.py"],
  env: {
    DATABASE_NAME: DATABASE,
    FOLLOWER_PORT: String(portOf("pgbouncer", "follower")),
    MOST_SECONDS: String(MOST_PAUSE_SECONDS),
    PGBOUNCER_PORT: String(PORT),
    POOL: POOLED.primary,
    POOLER_PASSWORD_FILE: "/run/secrets/follower/password",
    PRIMARY_HOST: "postgres",
    PRIMARY_PORT: String(DATABASE_PORT),
    PYTHONDONTWRITEBYTECODE: "1",
  },
  ports: ["follower"],
  mounts: ["follower", "scripts"],
  // It sleeps but for the seconds of a change.
  resources: { cpuMilli: 1, memoryMi: 64, requestMi: 16 },
};

const exporter: ContainerSpec = {
  image: "pgbouncer-exporter",
  command: ["/usr/bin/prometheus-pgbouncer-exporter", `--web.listen-address=:${portOf("pgbouncer", "metrics")}`],
  args: [`--pgBouncer.connectionString=postgres://stats@127.0.0.1:${PORT}/pgbouncer?sslmode=disable`],
  ports: ["metrics"],
  resources: { memoryMi: 48 },
};

function ini({ maxClients, poolSize }: Tier["pgbouncer"]): string {
  const databases = {
    [POOLED.primary]: `host=postgres port=${DATABASE_PORT} dbname=${DATABASE}`,
    [POOLED.replicas]: `host=postgres-replicas port=${DATABASE_PORT} dbname=${DATABASE}`,
  };
  const settings = {
    listen_addr: "0.0.0.0",
    listen_port: PORT,
    unix_socket_dir: "",
    auth_type: "hba",
    auth_hba_file: "/etc/pgbouncer/hba.conf",
    auth_file: "/run/secrets/pgbouncer/userlist.txt",
    stats_users: "stats",
    admin_users: "follower",
    // While one login follows another, pods with either are served, by poolers with either: what the file does not name is
    // looked up in the database (roles.sql).
    auth_user: "pooler",
    auth_query: "SELECT usename, passwd FROM pooler.login($1)",
    pool_mode: "transaction",
    max_client_conn: maxClients,
    default_pool_size: poolSize,
    reserve_pool_size: RESERVE_POOL,
    max_prepared_statements: 200,
    // Drivers send it at every start of a session; it changes nothing here.
    ignore_startup_parameters: "extra_float_digits",
    // After a failover: how soon the new primary is tried. The default of 15 s would be most of the gap.
    server_login_retry: 1,
    server_connect_timeout: 3,
    server_check_delay: 5,
    // Close the old primary's connections at once, and bound the wait of clients.
    server_fast_close: 1,
    query_wait_timeout: 10,
    tcp_user_timeout: 5000,
    tcp_keepalive: 1,
    tcp_keepidle: 10,
    tcp_keepintvl: 3,
    tcp_keepcnt: 3,
    dns_max_ttl: 5,
    dns_nxdomain_ttl: 1,
    log_connections: 0,
    log_disconnections: 0,
    log_pooler_errors: 1,
    stats_period: 60,
  };
  return `${section("databases", databases)}\n${section("pgbouncer", settings)}`;
}

function section(name: string, entries: Record<string, string | number>): string {
  return [`[${name}]`, ...Object.entries(entries).map(([key, value]) => `${key} = ${value}`), ""].join("\n");
}
