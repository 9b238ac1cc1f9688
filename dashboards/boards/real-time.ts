import { board } from "../library/board.ts";
import { gauge, logs, stat, table, timeSeries } from "../library/panels.ts";
import * as q from "../library/queries.ts";
import * as limit from "../thresholds.ts";

/** The five rows of "Real-time Performance Dashboard" in docs/spec/performance-monitoring.md, each panel under its name there. */
export const realTime = () =>
  board({
    uid: "real-time",
    title: "Real-time",
    description: "Is all well now? The first row says it of the machine, the last of the promises to users.",
    tags: ["overview"],
    rows: [
      { title: "System Health Overview", panels: systemHealth() },
      { title: "Application Performance", panels: application() },
      { title: "Database Performance", panels: database() },
      { title: "Business Metrics", panels: business() },
      { title: "Alerts & Incidents", panels: alerts() },
    ],
  });

const systemHealth = () => [
  gauge({
    title: "CPU Usage",
    description: "Share of the busiest node's cores at work. Near 100 %, answers wait for a core.",
    queries: [{ expr: `max(${q.cpuShare("$__rate_interval")})`, legend: "CPU" }],
    unit: "percentunit",
    thresholds: limit.CPU_SHARE,
  }),
  gauge({
    title: "Memory Usage",
    description: "Share of memory that processes hold and the kernel cannot give to others.",
    queries: [{ expr: `max(${q.memoryShare()})`, legend: "memory" }],
    unit: "percentunit",
    thresholds: limit.MEMORY_SHARE,
  }),
  gauge({
    title: "Disk Usage",
    description: "The fullest disk of all nodes. Volumes of the stack are on it.",
    queries: [{ expr: `max(${q.diskShare()})`, legend: "disk" }],
    unit: "percentunit",
    thresholds: limit.DISK_SHARE,
  }),
  stat({
    title: "System Uptime",
    description: "Since the node was started: days, hours, minutes.",
    queries: [{ expr: q.uptimeSeconds() }],
    unit: "dtdhms",
  }),
];

const application = () => [
  timeSeries({
    title: "Response Time",
    description: "95 of 100 answers of the gateway take no longer. The lines are the latency objectives.",
    queries: [{ expr: q.responseQuantile(0.95, "$__rate_interval"), legend: "p95" }],
    unit: "s",
    thresholds: limit.RESPONSE_SECONDS,
  }),
  timeSeries({
    title: "Requests per Second",
    description: "Answers of the gateway by status.",
    queries: [{ expr: q.answersByStatus("$__rate_interval"), legend: "{{status}}" }],
    unit: "reqps",
    stacked: true,
  }),
  stat({
    title: "Error Rate",
    description: "Share of answers of the last 5 minutes with status 500 or more.",
    queries: [{ expr: q.errorShare("5m") }],
    unit: "percentunit",
    decimals: 2,
    thresholds: limit.ERROR_SHARE,
    trend: true,
  }),
  stat({
    title: "Active Users",
    description: "Open WebSocket connections of all api processes.",
    queries: [{ expr: q.socketClients() }],
    unit: "short",
    trend: true,
  }),
];

const database = () => [
  timeSeries({
    title: "Active Connections",
    description: "Share of PostgreSQL's connection slots in use, by member. When all are, new connections are refused.",
    queries: [{ expr: q.connectionShare(), legend: "{{pod}}" }],
    unit: "percentunit",
    thresholds: limit.CONNECTION_SHARE,
    max: 1,
  }),
  stat({
    title: "Average Query Time",
    description: "Mean of the last 100 statements of the slowest process.",
    queries: [{ expr: q.recentQuerySeconds() }],
    unit: "s",
    thresholds: limit.QUERY_SECONDS,
    trend: true,
  }),
  stat({
    title: "Slow Queries",
    description: "Statements of the last hour that took longer than 1 s. Each has a line in the log.",
    queries: [{ expr: q.slowQueries("1h") }],
    unit: "short",
    decimals: 0,
    thresholds: limit.SLOW_QUERIES,
    trend: true,
  }),
  gauge({
    title: "Redis Cache Hit Rate",
    description:
      "Share of the cache's look-ups of the last hour that it answered. Less means more work for PostgreSQL.",
    queries: [{ expr: q.redisHitShare("1h"), legend: "hits" }],
    unit: "percentunit",
    thresholds: limit.CACHE_HIT_SHARE,
    lessIsWorse: true,
  }),
];

const business = () => [
  stat({
    title: "Media Requests",
    description: "Requests for media made today, and since Monday, in UTC.",
    queries: [
      { expr: q.requestsIn("day"), legend: "today" },
      { expr: q.requestsIn("week"), legend: "this week" },
    ],
    unit: "short",
    decimals: 0,
  }),
  timeSeries({
    title: "Download Queue Size",
    description: "Jobs that are due (waiting) and at work (active), over all queues.",
    queries: [{ expr: q.queueJobs(), legend: "{{state}}" }],
    unit: "short",
  }),
  stat({
    title: "User Activity",
    description: "Accounts and visitors that were here today, and log-ins of the last hour.",
    queries: [
      { expr: q.activeToday(), legend: "{{kind}}s" },
      { expr: q.logins("1h"), legend: "log-ins" },
    ],
    unit: "short",
    decimals: 0,
  }),
  stat({
    title: "External Services",
    description: "Whether TMDB, Plex, YouTube and Overseerr answered the last probe as documented.",
    queries: [{ expr: q.outsideHealth(), legend: "{{service}}" }],
    unit: "short",
    words: { 0: { text: "down", color: "red" }, 1: { text: "up", color: "green" } },
  }),
];

/** Lines that tell of an alert, as its webhook's receiver writes them, and errors of the service. */
const INCIDENTS = '{service_name=~"api|worker|doubles|responder"} | json | msg="alert" or level=~"error|fatal"';

const alerts = () => [
  stat({
    title: "Active Alerts",
    description: "Alerts that fire now, by severity. The Watchdog, which always fires, is not counted.",
    queries: [
      { expr: q.alertCount("critical"), legend: "critical" },
      { expr: q.alertCount("warning"), legend: "warning" },
      { expr: q.alertCount("info"), legend: "info" },
    ],
    unit: "short",
    decimals: 0,
    thresholds: { warning: 1, critical: 1_000_000 },
  }),
  stat({
    title: "SLA Status",
    description: "Answers without an error of ours, as the gateway counts them: of this hour, of 30 days.",
    queries: [
      { expr: q.availability("1h"), legend: "last hour" },
      { expr: q.availability("30d"), legend: "30 days" },
    ],
    unit: "percentunit",
    decimals: 3,
    thresholds: limit.AVAILABILITY_SHARE,
    lessIsWorse: true,
  }),
  timeSeries({
    title: "Performance Trends",
    description:
      "95th percentile of the response time now and a week before. Without a week of data there is one line.",
    queries: [
      { expr: q.responseQuantile(0.95, "30m"), legend: "now" },
      { expr: `${q.responseQuantile(0.95, "30m").replaceAll("[30m]", "[30m] offset 1w")}`, legend: "a week before" },
    ],
    unit: "s",
    span: 12,
  }),
  table({
    title: "Alerts That Fire",
    description: "Each alert with its severity, and what it is about.",
    queries: [{ expr: q.firingAlerts() }],
    unit: "short",
    columns: { alertname: "alert", severity: "severity", category: "category", pod: "pod", service: "service" },
    span: 8,
    height: 8,
  }),
  logs({
    title: "Recent Incidents",
    description: "Alerts as they came and errors of the service, of the last 24 hours, newest first.",
    expr: INCIDENTS,
    hours: 24,
    span: 16,
    height: 8,
  }),
];
