import * as limit from "../../thresholds.ts";
import { afterStart, type Case, counter, gauge, once, onceBefore, pieces } from "./case.ts";

const DAY = 86_400;
const MI = 1_048_576;
/** promtool's clock begins at 0. */
const NOW_ABOUT = 840;

/** The parts that run the others, and what a recovery needs. */
export const PLATFORM: readonly Case[] = [
  {
    rule: "TargetDown",
    series: (up) => ({ 'up{job="loki",pod="a"}': gauge(up), 'up{job="api",pod="b"}': gauge(1) }),
    silent: 1,
    fires: 0,
    step: { from: 1, to: 0, after: 120 },
  },
  {
    rule: "PodRestarts",
    series: (inTenMinutes) => ({
      'kube_pod_container_status_restarts_total{pod="p",container="api",uid="1"}': counter(inTenMinutes / 1200),
      'kube_pod_container_status_restarts_total{pod="p",container="api",uid="2"}': counter(inTenMinutes / 1200),
      'kube_pod_container_status_restarts_total{pod="p",container="exporter",uid="1"}': counter(0),
      'kube_pod_container_status_restarts_total{pod="q",container="api",uid="3"}': counter(
        (limit.RESTARTS - 0.1) / 600,
      ),
      // Two containers of one pod are two.
      'kube_pod_container_status_restarts_total{pod="p",container="sidecar",uid="1"}': counter(inTenMinutes / 600),
    }),
    alerts: 2,
    silent: limit.RESTARTS - 0.01,
    fires: limit.RESTARTS + 0.01,
    lasts: 1800,
    step: { from: 0, to: limit.RESTARTS * 2, after: 300 },
  },
  {
    rule: "RedisDown",
    series: (up) => ({
      'redis_up{job="redis-state",pod="a"}': gauge(0),
      'redis_up{job="redis-state",pod="b"}': gauge(up),
      'redis_up{job="redis-cache",pod="c"}': gauge(1),
    }),
    silent: 1,
    fires: 0,
    step: { from: 1, to: 0, after: 30 },
    also: afterStart(
      30,
      { 'redis_up{job="redis-state",pod="a"}': gauge(0), 'redis_up{job="redis-cache",pod="c"}': gauge(1) },
      (seconds, rest) => ({ 'redis_up{job="redis-state",pod="a"}': pieces([seconds, 1], [rest, 0]) }),
    ),
  },
  {
    rule: "RulesFail",
    series: (perSecond) => ({
      'prometheus_rule_evaluation_failures_total{rule_group="a"}': counter(perSecond),
      'prometheus_rule_evaluation_failures_total{rule_group="b"}': counter(perSecond),
      'prometheus_rule_evaluation_failures_total{rule_group="c"}': counter(0),
    }),
    silent: 0,
    fires: 0.3 / 300,
    alerts: 2,
    also: [once('prometheus_rule_evaluation_failures_total{rule_group="a"}')],
  },
  {
    rule: "RulesFail",
    series: (ago) => ({ 'prometheus_rule_evaluation_failures_total{rule_group="a"}': onceBefore(840, ago, 900) }),
    silent: 345,
    fires: 255,
  },
  {
    rule: "NotificationsFail",
    series: (perSecond) => ({
      'alertmanager_notifications_failed_total{integration="slack",reason="a"}': counter(perSecond),
      'alertmanager_notifications_failed_total{integration="slack",reason="b"}': counter(perSecond),
      'alertmanager_notifications_failed_total{integration="email",reason="a"}': counter(perSecond),
    }),
    silent: 0,
    // Two reasons of one integration are one alert.
    fires: 0.15 / 600,
    alerts: 2,
    also: [once('alertmanager_notifications_failed_total{integration="slack"}')],
  },
  {
    rule: "NotificationsFail",
    series: (ago) => ({ 'alertmanager_notifications_failed_total{integration="slack"}': onceBefore(840, ago, 900) }),
    silent: 645,
    fires: 555,
  },
  {
    rule: "ArchiveDelayed",
    series: (age) => ({
      'pg_archive_waiting_age_seconds{pod="a"}': gauge(age),
      'pg_archive_waiting_age_seconds{pod="b"}': gauge(0),
    }),
    silent: limit.ARCHIVE_WAIT_SECONDS.warning,
    fires: limit.ARCHIVE_WAIT_SECONDS.warning + 1,
    step: { from: 0, to: 200, after: 60 },
  },
  {
    rule: "ArchiveDropped",
    series: (pending) => ({
      'pg_archive_dropped_pending{pod="a"}': gauge(pending),
      'pg_archive_dropped_pending{pod="b"}': gauge(0),
    }),
    silent: 0,
    fires: 0.5,
  },
  {
    rule: "StandbyCutOff",
    series: (streaming) => ({
      'pg_replica_streaming{pod="a"}': gauge(1),
      'pg_replica_streaming{pod="b"}': gauge(streaming),
      'pg_replica_streaming{pod="c"}': gauge(streaming),
    }),
    silent: 1,
    fires: 0.75,
    alerts: 2,
    step: { from: 1, to: 0, after: 60 },
  },
  {
    rule: "ReplicaBehind",
    series: (age) => ({
      'pg_replica_age_seconds{pod="a"}': gauge(0),
      'pg_replica_age_seconds{pod="b"}': gauge(age),
      'pg_replica_age_seconds{pod="c"}': gauge(age),
    }),
    silent: limit.REPLICA_AGE_SECONDS.warning,
    fires: limit.REPLICA_AGE_SECONDS.warning + 0.1,
    alerts: 2,
    step: { from: 0, to: 100, after: 60 },
  },
  {
    rule: "StandbyStackBehind",
    series: (age) => ({
      'pg_followed_age_seconds{pod="a"}': gauge(age),
    }),
    silent: limit.FOLLOWED_AGE_SECONDS.warning,
    fires: limit.FOLLOWED_AGE_SECONDS.warning + 1,
    step: { from: 0, to: 400, after: 60 },
  },
  {
    rule: "DatabaseRestartPending",
    series: (settings) => ({
      'pg_pending_restart_settings{pod="a"}': gauge(settings),
      'pg_pending_restart_settings{pod="b"}': gauge(settings),
      'pg_pending_restart_settings{pod="c"}': gauge(0),
    }),
    silent: 0,
    fires: 0.5,
    alerts: 2,
    lasts: 1800,
    step: { from: 0, to: 1, after: 600 },
  },
  {
    rule: "CertificateExpires",
    series: (left) => ({
      'media_certificate_expiry_timestamp_seconds{service="gateway"}': gauge(left + NOW_ABOUT),
      'media_certificate_expiry_timestamp_seconds{service="other"}': gauge(left + NOW_ABOUT),
      'media_certificate_expiry_timestamp_seconds{service="third"}': gauge(400 * DAY),
    }),
    silent: limit.CERTIFICATE_SECONDS.warning,
    fires: limit.CERTIFICATE_SECONDS.warning - 1,
    alerts: 2,
  },
  {
    rule: "OutsideServiceSlow",
    series: (seconds) => ({
      'media_probe_duration_seconds{service="tmdb",pod="a"}': gauge(0),
      'media_probe_duration_seconds{service="tmdb",pod="b"}': gauge(seconds),
      'media_probe_success{service="tmdb",pod="b"}': gauge(1),
      'media_probe_duration_seconds{service="plex",pod="b"}': gauge(seconds),
      'media_probe_success{service="plex",pod="b"}': gauge(1),
      // Down, not slow: another alert's.
      'media_probe_duration_seconds{service="youtube",pod="b"}': gauge(seconds),
      'media_probe_success{service="youtube",pod="b"}': gauge(0),
    }),
    silent: limit.OUTSIDE_SECONDS.warning,
    fires: limit.OUTSIDE_SECONDS.warning + 0.1,
    alerts: 2,
    step: { from: 0, to: 4, after: 300 },
  },
  {
    rule: "WalPilesUp",
    series: (sizes) => ({
      'pg_wal_size_bytes{pod="a"}': gauge(sizes * MI),
      'pg_wal_size_bytes{pod="b"}': gauge(sizes * 3 * MI),
      'pg_wal_size_bytes{pod="c"}': gauge(MI),
      'pg_settings_max_wal_size_bytes{pod="a",server="s"}': gauge(MI),
      'pg_settings_max_wal_size_bytes{pod="b",server="s"}': gauge(3 * MI),
      'pg_settings_max_wal_size_bytes{pod="c",server="s"}': gauge(MI),
    }),
    silent: limit.WAL_SIZES.warning,
    fires: limit.WAL_SIZES.warning + 0.01,
    alerts: 2,
    step: { from: 0, to: 9, after: 60 },
  },
  {
    rule: "DatabaseVolumeHigh",
    series: (share) => ({
      'pg_database_size_bytes{pod="postgres-0",datname="media"}': gauge(share * 60 * MI),
      'pg_database_size_bytes{pod="postgres-0",datname="postgres"}': gauge(share * 20 * MI),
      'pg_wal_size_bytes{pod="postgres-0"}': gauge(share * 20 * MI),
      'pg_database_size_bytes{pod="postgres-1",datname="media"}': gauge(MI),
      'pg_wal_size_bytes{pod="postgres-1"}': gauge(MI),
      'kube_persistentvolumeclaim_info{persistentvolumeclaim="data-postgres-0",volumename="v0"}': gauge(1),
      'kube_persistentvolumeclaim_info{persistentvolumeclaim="data-postgres-1",volumename="v1"}': gauge(1),
      'kube_persistentvolumeclaim_info{persistentvolumeclaim="data-redis-state-0",volumename="v2"}': gauge(1),
      'kube_persistentvolume_capacity_bytes{persistentvolume="v0"}': gauge(100 * MI),
      'kube_persistentvolume_capacity_bytes{persistentvolume="v1"}': gauge(100 * MI),
      'kube_persistentvolume_capacity_bytes{persistentvolume="v2"}': gauge(MI),
    }),
    silent: limit.DATABASE_VOLUME_SHARE.warning,
    fires: limit.DATABASE_VOLUME_SHARE.warning + 0.001,
    step: { from: 0, to: 1, after: 60 },
  },
];
