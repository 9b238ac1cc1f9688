import * as pulumi from "@pulumi/pulumi";
import type { Tier } from "../../config/tiers.ts";
import { portOf } from "../../lib/endpoints.ts";
import type { Login } from "../../lib/secrets.ts";
import type { ContainerSpec, WorkloadSpec } from "../../lib/workload.spec.ts";

export interface PgbouncerArgs {
  tier: Tier;
  login: Login;
  /** Of the role that looks up logins which the file does not name. */
  poolerPassword: pulumi.Input<string>;
}

const PORT = portOf("pgbouncer", "pgbouncer");
const DATABASE_PORT = portOf("postgres", "postgresql");

/** Transaction pooling in front of the primary (database `media`) and of its replicas (`media_ro`). */
export function pgbouncerPlan({ tier, login, poolerPassword }: PgbouncerArgs): WorkloadSpec {
  const { replicas } = tier.pgbouncer;
  return {
    name: "pgbouncer",
    component: "data",
    image: "pgbouncer",
    command: ["/usr/sbin/pgbouncer", "/etc/pgbouncer/pgbouncer.ini"],
    replicas,
    connectsTo: ["postgres:postgresql", "postgres-replicas:postgresql"],
    metrics: { port: "metrics" },
    probes: { readiness: { port: "pgbouncer" }, liveness: { port: "pgbouncer", periodSeconds: 10 } },
    // PgBouncer ends its clients' connections when it stops: first let them find another one.
    drain: { preStopSeconds: 5, graceSeconds: 35 },
    resources: { cpuMilli: 20, memoryMi: 64 },
    files: { config: { path: "/etc/pgbouncer", data: { "pgbouncer.ini": ini(tier), "hba.conf": HBA } } },
    secrets: {
      users: {
        path: "/run/secrets/pgbouncer",
        data: { "userlist.txt": userlist(login, poolerPassword) },
      },
    },
    sidecars: { exporter },
  };
}

function userlist({ user, password }: Login, poolerPassword: pulumi.Input<string>): pulumi.Output<string> {
  return pulumi.interpolate`"${user}" "${password}"\n"pooler" "${poolerPassword}"\n"stats" ""\n`;
}

/** The statistics are open to the exporter beside it, without a password that would have to be in its environment. */
const HBA = ["host pgbouncer stats 127.0.0.1/32 trust", "host all all 0.0.0.0/0 scram-sha-256", ""].join("\n");

const exporter: ContainerSpec = {
  image: "pgbouncer-exporter",
  command: ["/usr/bin/prometheus-pgbouncer-exporter", `--web.listen-address=:${portOf("pgbouncer", "metrics")}`],
  args: [`--pgBouncer.connectionString=postgres://stats@127.0.0.1:${PORT}/pgbouncer?sslmode=disable`],
  ports: ["metrics"],
  resources: { memoryMi: 48 },
};

function ini({ pgbouncer }: Tier): string {
  const databases = {
    media: `host=postgres port=${DATABASE_PORT} dbname=media`,
    media_ro: `host=postgres-replicas port=${DATABASE_PORT} dbname=media`,
  };
  const settings = {
    listen_addr: "0.0.0.0",
    listen_port: PORT,
    unix_socket_dir: "",
    auth_type: "hba",
    auth_hba_file: "/etc/pgbouncer/hba.conf",
    auth_file: "/run/secrets/pgbouncer/userlist.txt",
    stats_users: "stats",
    // While one login follows another, pods with either are served, by poolers with either: what the file does not name is
    // looked up in the database (roles.sql).
    auth_user: "pooler",
    auth_query: "SELECT usename, passwd FROM pooler.login($1)",
    pool_mode: "transaction",
    max_client_conn: pgbouncer.maxClients,
    default_pool_size: pgbouncer.poolSize,
    reserve_pool_size: 2,
    max_prepared_statements: 200,
    // Drivers send it at every start of a session; it changes nothing here.
    ignore_startup_parameters: "extra_float_digits",
    // After a failover: how soon the new primary is tried. The default of 15 s would be most of the gap.
    server_login_retry: 1,
    server_connect_timeout: 3,
    server_check_delay: 5,
    // Give up on the old primary's connections at once, and let nobody wait for ever.
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
