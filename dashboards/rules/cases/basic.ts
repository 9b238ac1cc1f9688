import * as limit from "../../thresholds.ts";
import { afterStart, type Case, counter, gauge, pieces } from "./case.ts";

/** A time so many seconds ago, at every sample. */
const ago = (seconds: number) => ({ start: -seconds, perSecond: 1 });

const disk = (share: number) => ({
  'node_filesystem_size_bytes{instance="n",fstype="ext4",mountpoint="/"}': gauge(1000),
  'node_filesystem_avail_bytes{instance="n",fstype="ext4",mountpoint="/"}': gauge(Math.round(1000 * (1 - share))),
  'node_filesystem_size_bytes{instance="m",fstype="ext4",mountpoint="/"}': gauge(1000),
  'node_filesystem_avail_bytes{instance="m",fstype="ext4",mountpoint="/"}': gauge(Math.round(1000 * (1 - share))),
  // A disk in memory is always full of itself: it does not count.
  'node_filesystem_size_bytes{instance="n",fstype="tmpfs",mountpoint="/run"}': gauge(1000),
  'node_filesystem_avail_bytes{instance="n",fstype="tmpfs",mountpoint="/run"}': gauge(0),
});

/** Rules whose limit is a number of today. */
export const BASIC: readonly Case[] = [
  {
    rule: "NodeCpuHigh",
    series: (share) => ({
      'node_cpu_seconds_total{instance="n",cpu="0",mode="idle"}': counter(1 - share),
      'node_cpu_seconds_total{instance="m",cpu="0",mode="idle"}': counter(1 - share),
    }),
    alerts: 2,
    silent: limit.CPU_SHARE.warning,
    fires: limit.CPU_SHARE.warning + 0.001,
    lasts: 2400,
    step: { from: 0, to: 1, after: 0.85 * 300 + 600 },
  },
  {
    rule: "NodeMemoryHigh",
    series: (share) => ({
      'node_memory_MemTotal_bytes{instance="n"}': gauge(1000),
      'node_memory_MemAvailable_bytes{instance="n"}': gauge(Math.round(1000 * (1 - share))),
    }),
    silent: limit.MEMORY_SHARE.warning,
    fires: limit.MEMORY_SHARE.warning + 0.001,
    step: { from: 0.1, to: 0.9, after: 300 },
  },
  {
    rule: "NodeDiskHigh",
    series: disk,
    alerts: 2,
    silent: limit.DISK_SHARE.warning,
    fires: limit.DISK_SHARE.warning + 0.001,
    step: { from: 0.1, to: 0.9, after: 300 },
  },
  {
    rule: "NodeDiskFull",
    series: disk,
    alerts: 2,
    silent: limit.DISK_SHARE.critical,
    fires: limit.DISK_SHARE.critical + 0.001,
    step: { from: 0.1, to: 0.99, after: 60 },
  },
  {
    rule: "DatabaseConnectionsHigh",
    series: (used) => ({
      'pg_stat_activity_count{pod="p",state="active"}': gauge(used),
      'pg_stat_activity_count{pod="p",state="idle"}': gauge(40),
      'pg_settings_max_connections{pod="p"}': gauge(100),
    }),
    silent: limit.CONNECTION_SHARE.warning * 100 - 40,
    fires: limit.CONNECTION_SHARE.warning * 100 - 39,
    step: { from: 10, to: 50, after: 120 },
  },
  {
    rule: "DatabaseDown",
    series: (replica) => ({
      'pg_replication_is_replica{pod="a"}': gauge(replica),
      'pg_replication_is_replica{pod="b"}': gauge(1),
    }),
    silent: 0,
    fires: 1,
    step: { from: 0, to: 1, after: 45 },
    also: [
      ...afterStart(45, { 'pg_replication_is_replica{pod="a"}': gauge(1) }, (seconds, rest) => ({
        'pg_replication_is_replica{pod="a"}': pieces([seconds, 0], [rest, 1]),
      })),
      // A standby stack has no primary.
      {
        series: { 'pg_replication_is_replica{pod="a"}': gauge(1), 'pg_followed_age_seconds{pod="a"}': gauge(0) },
        lasts: 900,
        moments: [[600, 0]],
      },
    ],
  },
  {
    rule: "IdleInTransaction",
    every: 5,
    alerts: 2,
    series: (seconds) => ({
      'pg_stat_activity_max_tx_duration{pod="a",state="idle in transaction"}': gauge(seconds),
      'pg_stat_activity_max_tx_duration{pod="b",state="idle in transaction"}': gauge(seconds),
      // A transaction that works may last.
      'pg_stat_activity_max_tx_duration{pod="a",state="active"}': gauge(10_000),
    }),
    silent: limit.IDLE_TRANSACTION_SECONDS.warning,
    fires: limit.IDLE_TRANSACTION_SECONDS.warning + 1,
  },
  {
    rule: "QueryRunsLong",
    every: 5,
    alerts: 2,
    series: (seconds) => ({
      'pg_stat_activity_max_tx_duration{pod="b",state="active",datname="media",backend_type="client backend"}':
        gauge(seconds),
      'pg_stat_activity_max_tx_duration{pod="a",state="active",datname="media",backend_type="client backend"}':
        gauge(seconds),
      // A replica streams for as long as it lives.
      'pg_stat_activity_max_tx_duration{pod="a",state="active",datname="",backend_type="walsender"}': gauge(10_000),
    }),
    silent: limit.RUNNING_SECONDS.warning,
    fires: limit.RUNNING_SECONDS.warning + 1,
  },
  {
    rule: "PodNotReady",
    series: (notReady) => ({
      'kube_pod_status_ready{namespace="n",pod="a",condition="false"}': gauge(notReady),
      'kube_pod_status_phase{namespace="n",pod="a",phase="Running"}': gauge(1),
      // The pod of another namespace is another pod, and two of one namespace are two.
      'kube_pod_status_ready{namespace="m",pod="a",condition="false"}': gauge(notReady),
      'kube_pod_status_phase{namespace="m",pod="a",phase="Running"}': gauge(1),
      'kube_pod_status_ready{namespace="n",pod="c",condition="false"}': gauge(notReady),
      'kube_pod_status_phase{namespace="n",pod="c",phase="Running"}': gauge(1),
      // A task that has ended is never ready again, whatever runs under its name elsewhere.
      'kube_pod_status_phase{namespace="m",pod="b",phase="Running"}': gauge(1),
      'kube_pod_status_ready{namespace="n",pod="b",condition="false"}': gauge(1),
      'kube_pod_status_phase{namespace="n",pod="b",phase="Running"}': gauge(0),
    }),
    alerts: 3,
    silent: 0,
    fires: 1,
  },
  {
    rule: "BackupOld",
    series: (hours) => ({ 'backup_last_completed_timestamp_seconds{job="restore-proof"}': ago(hours * 3600) }),
    silent: limit.BACKUP_AGE_HOURS.warning,
    fires: limit.BACKUP_AGE_HOURS.warning + 1 / 3600,
    every: 300,
    lasts: (limit.BACKUP_AGE_HOURS.warning + 1) * 3600,
    // At once.
    also: [
      {
        series: { 'backup_last_completed_timestamp_seconds{job="restore-proof"}': gauge(0) },
        lasts: (limit.BACKUP_AGE_HOURS.warning + 1) * 3600,
        moments: [
          [limit.BACKUP_AGE_HOURS.warning * 3600, 0],
          [limit.BACKUP_AGE_HOURS.warning * 3600 + 300, 1],
        ],
      },
    ],
  },
  {
    rule: "RestoreProofOld",
    series: (hours) => ({ 'backup_last_proof_timestamp_seconds{job="restore-proof"}': ago(hours * 3600) }),
    silent: limit.PROOF_AGE_HOURS.warning,
    fires: limit.PROOF_AGE_HOURS.warning + 1 / 3600,
    every: 300,
    lasts: (limit.PROOF_AGE_HOURS.warning + 1) * 3600,
    // At once.
    also: [
      {
        series: { 'backup_last_proof_timestamp_seconds{job="restore-proof"}': gauge(0) },
        lasts: (limit.PROOF_AGE_HOURS.warning + 1) * 3600,
        moments: [
          [limit.PROOF_AGE_HOURS.warning * 3600, 0],
          [limit.PROOF_AGE_HOURS.warning * 3600 + 300, 1],
        ],
      },
    ],
  },
  {
    rule: "RestoreProofFailed",
    series: (failed) => ({
      'backup_proof_failure{job="restore-proof",reason="wal-missing"}': gauge(failed),
      'backup_proof_failure{job="restore-proof",reason="archive-stands"}': gauge(failed),
    }),
    alerts: 2,
    silent: 0,
    fires: 0.5,
  },
  {
    rule: "DrillFailed",
    series: (failed) => ({
      'drill_passed{job="drill",kind="simulation"}': gauge(1 - failed),
      'drill_passed{job="drill",kind="failover"}': gauge(1),
    }),
    silent: 0,
    fires: 1,
  },
  {
    rule: "DrillOld",
    series: (hours) => ({
      'drill_last_run_timestamp_seconds{job="drill",kind="simulation"}': ago(hours * 3600),
      // A drill by hand says nothing of the schedule.
      'drill_last_run_timestamp_seconds{job="drill",kind="failover"}': ago(60),
    }),
    silent: limit.DRILL_AGE_HOURS.warning,
    fires: limit.DRILL_AGE_HOURS.warning + 1 / 3600,
  },
  {
    rule: "QueryTimeHigh",
    series: (seconds) => ({
      'media_pg_recent_query_mean_seconds{pod="a"}': gauge(seconds),
      'media_pg_recent_query_mean_seconds{pod="b"}': gauge(0),
    }),
    silent: limit.QUERY_SECONDS.warning,
    fires: limit.QUERY_SECONDS.warning + 0.001,
    step: { from: 0, to: 0.5, after: 300 },
  },
  {
    rule: "SlowQueriesMany",
    series: (inFiveMinutes) => ({ 'media_pg_slow_queries_total{query="q"}': counter(inFiveMinutes / 300) }),
    silent: limit.SLOW_QUERIES.warning,
    fires: limit.SLOW_QUERIES.warning + 0.01,
    step: { from: 0, to: 10, after: 150 },
  },
  {
    rule: "QueueDelayed",
    series: (seconds) => ({
      'media_queue_oldest_job_age_seconds{queue="deliver-request"}': gauge(seconds),
      'media_queue_oldest_job_age_seconds{queue="follow-download"}': gauge(seconds),
      'media_queue_oldest_job_age_seconds{queue="other"}': gauge(0),
    }),
    alerts: 2,
    silent: limit.QUEUE_AGE_SECONDS.warning,
    fires: limit.QUEUE_AGE_SECONDS.warning + 1,
    step: { from: 0, to: 500, after: 60 },
  },
  {
    rule: "OutsideServiceDown",
    series: (up) => ({
      'media_probe_success{service="tmdb"}': gauge(up),
      'media_probe_success{service="plex"}': gauge(up),
      'media_probe_success{service="youtube"}': gauge(1),
    }),
    alerts: 2,
    silent: 1,
    fires: 0.75,
    step: { from: 1, to: 0, after: 180 },
  },
];
