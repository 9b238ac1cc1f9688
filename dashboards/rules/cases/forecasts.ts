import * as limit from "../../thresholds.ts";
import { type Case, type Course, counter, gauge } from "./case.ts";

const HOUR = 3600;
const FREE = 'node_filesystem_avail_bytes{instance="n",fstype="ext4",mountpoint="/"}';

/** A disk of 1000 bytes that loses so much a second. */
const disk = (free: number, perSecond: number): Record<string, Course> => ({
  'node_filesystem_size_bytes{instance="n",fstype="ext4",mountpoint="/"}': gauge(1000),
  [FREE]: { start: free, perSecond: -perSecond },
  // A disk in memory may fill.
  'node_filesystem_size_bytes{instance="n",fstype="tmpfs",mountpoint="/run"}': gauge(1000),
  'node_filesystem_avail_bytes{instance="n",fstype="tmpfs",mountpoint="/run"}': { start: 350, perSecond: -0.01 },
});

/** The moment of the test, and what has to be so for as long as the rule waits before. */
const END = (lasts: number, every: number) => lasts - every * 4;

const connections = (start: number, perSecond: number): Record<string, Course> => ({
  'pg_stat_activity_count{pod="p",state="active"}': { start, perSecond },
  'pg_settings_max_connections{pod="p"}': gauge(100),
});

const queue = (perSecond: number): Record<string, Course> => ({
  'media_queue_jobs{queue="q",state="waiting",pod="a"}': counter(perSecond),
  'media_queue_jobs{queue="q",state="waiting",pod="b"}': counter(perSecond),
  'media_queue_jobs{queue="r",state="waiting",pod="a"}': counter(perSecond),
  'media_queue_jobs{queue="q",state="delayed",pod="a"}': counter(10),
});

/** Pods of a node with 1000 bytes: one runs, one has failed and asks for nothing any more. */
const requested = (bytes: number): Record<string, Course> => ({
  'kube_pod_container_resource_requests{namespace="m",pod="a",container="x",resource="memory"}': gauge(bytes / 2),
  'kube_pod_container_resource_requests{namespace="m",pod="a",container="y",resource="memory"}': gauge(bytes / 2),
  'kube_pod_container_resource_requests{namespace="m",pod="a",container="x",resource="cpu"}': gauge(5000),
  // A pod of the same name in another namespace: it has ended.
  'kube_pod_container_resource_requests{namespace="o",pod="a",container="x",resource="memory"}': gauge(5000),
  'kube_pod_status_phase{namespace="o",pod="a",phase="Running"}': gauge(0),
  'kube_pod_container_resource_requests{namespace="m",pod="gone",container="x",resource="memory"}': gauge(5000),
  'kube_pod_status_phase{namespace="m",pod="a",phase="Running"}': gauge(1),
  'kube_pod_status_phase{namespace="m",pod="a",phase="Pending"}': gauge(0),
  'kube_pod_status_phase{namespace="m",pod="gone",phase="Running"}': gauge(0),
  'kube_pod_status_phase{namespace="m",pod="gone",phase="Failed"}': gauge(1),
  'kube_node_status_allocatable{node="n",resource="memory"}': gauge(1000),
  'kube_node_status_allocatable{node="n",resource="cpu"}': gauge(2),
});

/** What will not be enough. */
export const FORECASTS: readonly Case[] = [
  {
    rule: "DiskFillsSoon",
    every: 60,
    lasts: 8 * HOUR,
    series: (perSecond) => disk(300, perSecond),
    silent: (300 / (limit.DISK_FORECAST_SECONDS + END(8 * HOUR, 60))) * 0.9995,
    fires: (300 / (limit.DISK_FORECAST_SECONDS + END(8 * HOUR, 60) - 1800)) * 1.0005,
  },
  {
    // As much is free as does not matter yet.
    rule: "DiskFillsSoon",
    every: 60,
    lasts: 8 * HOUR,
    series: (free) => disk(free + 0.005 * END(8 * HOUR, 60), 0.005),
    silent: limit.DISK_FORECAST_FREE * 1000 + 0.1,
    fires: limit.DISK_FORECAST_FREE * 1000 - 0.005 * 1800 - 0.5,
  },
  {
    // A line through six hours: what happened before does not count, what happened in the last half hour not much.
    rule: "DiskFillsSoon",
    every: 60,
    lasts: 14 * HOUR,
    series: (perSecond) => disk(300, perSecond),
    silent: 0,
    fires: 0.005,
    step: { from: 0, to: 0.002, after: 9540 + 1800 },
  },
  {
    rule: "ConnectionsRunOut",
    every: 60,
    lasts: 2 * HOUR,
    series: (perSecond) => connections(40, perSecond),
    silent: (60 / (3600 + END(2 * HOUR, 60))) * 0.9995,
    fires: (60 / (3600 + END(2 * HOUR, 60) - 300)) * 1.0005,
    step: { from: 0, to: 0.02, after: 1020 + 300 },
  },
  {
    rule: "ConnectionsRunOut",
    every: 60,
    lasts: 2700,
    series: (atTheEnd) => connections(atTheEnd - 0.02 * END(2700, 60), 0.02),
    silent: limit.CONNECTION_FORECAST_SHARE * 100 - 0.01,
    fires: limit.CONNECTION_FORECAST_SHARE * 100 + 0.02 * 300 + 0.1,
  },
  {
    rule: "QueueGrows",
    every: 60,
    lasts: 2 * HOUR,
    series: queue,
    alerts: 2,
    silent: (limit.QUEUE_FORECAST_JOBS / (3600 + END(2 * HOUR, 60))) * 0.9995,
    fires: (limit.QUEUE_FORECAST_JOBS / (3600 + END(2 * HOUR, 60) - 600)) * 1.0005,
    step: { from: 0, to: 0.5, after: 780 + 600 },
  },
  {
    rule: "NodeRequestsHigh",
    series: requested,
    silent: limit.REQUESTED_SHARE.warning * 1000,
    fires: limit.REQUESTED_SHARE.warning * 1000 + 2,
    lasts: 3000,
    step: { from: 100, to: 950, after: 900 },
  },
  {
    rule: "EventLoopBusy",
    series: (share) => ({
      'nodejs_eventloop_time_seconds_total{pod="a",state="active"}': counter(share / 2),
      'nodejs_eventloop_time_seconds_total{pod="a",state="idle"}': counter((1 - share) / 2),
      'nodejs_eventloop_time_seconds_total{pod="b",state="active"}': counter(share / 2),
      'nodejs_eventloop_time_seconds_total{pod="b",state="idle"}': counter((1 - share) / 2),
    }),
    alerts: 2,
    silent: limit.EVENT_LOOP_SHARE.warning - 0.001,
    fires: limit.EVENT_LOOP_SHARE.warning + 0.001,
    lasts: 3000,
    step: { from: 0, to: 1, after: 240 + 600 },
    // The process did nothing else any more: the time of all states falls, over five minutes.
    also: [
      {
        series: {
          'nodejs_eventloop_time_seconds_total{pod="a",state="active"}': counter(0.5),
          'nodejs_eventloop_time_seconds_total{pod="a",state="idle"}': {
            rates: [
              [1500, 9.5],
              [1500, 0],
            ],
          },
        },
        lasts: 3000,
        moments: [
          [1500 + 296 + 600 - 60, 0],
          [1500 + 296 + 600 + 60, 1],
        ],
      },
    ],
  },
  {
    rule: "RedisMemoryHigh",
    series: (bytes) => ({
      'redis_memory_used_bytes{job="redis-state",pod="a"}': gauge(bytes),
      'redis_memory_max_bytes{job="redis-state",pod="a"}': gauge(1000),
      'redis_memory_used_bytes{job="redis-state",pod="b"}': gauge(bytes),
      'redis_memory_max_bytes{job="redis-state",pod="b"}': gauge(1000),
      // Without a limit there is no share; the cache may be full.
      'redis_memory_used_bytes{job="redis-state",pod="c"}': gauge(bytes),
      'redis_memory_max_bytes{job="redis-state",pod="c"}': gauge(0),
      // Any limit is one.
      'redis_memory_used_bytes{job="redis-state",pod="e"}': gauge((0.4 * bytes) / 1000),
      'redis_memory_max_bytes{job="redis-state",pod="e"}': gauge(0.4),
      'redis_memory_used_bytes{job="redis-cache",pod="d"}': gauge(999),
      'redis_memory_max_bytes{job="redis-cache",pod="d"}': gauge(1000),
    }),
    alerts: 3,
    silent: limit.REDIS_MEMORY_SHARE.warning * 1000,
    fires: limit.REDIS_MEMORY_SHARE.warning * 1000 + 1,
    step: { from: 100, to: 900, after: 300 },
  },
];
