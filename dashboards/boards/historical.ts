import { board } from "../library/board.ts";
import * as q from "../library/queries.ts";
import { dial, lines, number } from "../library/short.ts";
import * as limit from "../thresholds.ts";

/** "Historical" of the diagram: the same promises over days, in steps of an hour, so that a slow change is seen. */
export const historical = () =>
  board({
    uid: "historical",
    title: "Historical",
    description: "How it was: promises, traffic and use of resources over the days that Prometheus keeps.",
    tags: ["overview"],
    from: "now-7d",
    refresh: "5m",
    rows: [
      { title: "Promises kept", panels: promises() },
      { title: "Traffic and work", panels: traffic() },
      { title: "Resources", panels: resources() },
    ],
  });

const promises = () => [
  dial(
    "Availability",
    "Of all answers in the chosen time, those without an error of ours.",
    [q.availability("$__range"), "availability"],
    { limit: limit.AVAILABILITY_SHARE, lessIsWorse: true, decimals: 3 },
  ),
  number("All Answers", "short", "Answers of the gateway in the chosen time.", [q.answersIn("$__range")]),
  number("Errors", "short", "Answers with status 500 or more in the chosen time.", [q.errorsIn("$__range")]),
  number(
    "Alerts That Fired",
    "short",
    "How many alerts fired at some time in the chosen time, by severity.",
    [
      [
        'count by (severity) (max_over_time(ALERTS{alertstate="firing",severity!="heartbeat"}[$__range]))',
        "{{severity}}",
      ],
    ],
    { decimals: 0 },
  ),
  lines(
    "Availability by Hour",
    "percentunit",
    "Share of answers without an error of ours, over the hour before each point.",
    [[q.availability("1h"), "availability"]],
    { limit: limit.AVAILABILITY_SHARE, lessIsWorse: true, span: 12, max: 1 },
  ),
  lines(
    "Response Time by Hour",
    "s",
    "Median, 95th and 99th percentile of the gateway's answers over an hour.",
    [
      [q.responseQuantile(0.5, "1h"), "p50"],
      [q.responseQuantile(0.95, "1h"), "p95"],
      [q.responseQuantile(0.99, "1h"), "p99"],
    ],
    { limit: limit.RESPONSE_SECONDS, span: 12 },
  ),
];

const traffic = () => [
  lines("Answers by Status", "reqps", "By status, over an hour.", [[q.answersByStatus("1h"), "{{status}}"]], {
    stacked: true,
  }),
  lines("Requests for Media", "short", "Stored in the hour before each point.", [
    [q.requestsCreated("1h"), "created"],
    [q.requestsDelivered("1h"), "delivered"],
  ]),
  lines("Jobs at Work and Due", "short", "Over all queues. A line that keeps rising means too few workers.", [
    [q.queueJobs(), "{{state}}"],
  ]),
];

const resources = () => [
  lines(
    "CPU",
    "percentunit",
    "Share of each node's cores at work, over an hour.",
    [[q.cpuShare("1h"), "{{instance}}"]],
    {
      limit: limit.CPU_SHARE,
      max: 1,
    },
  ),
  lines(
    "Memory",
    "percentunit",
    "Share of each node's memory that cannot be given to others.",
    [[q.memoryShare(), "{{instance}}"]],
    {
      limit: limit.MEMORY_SHARE,
      max: 1,
    },
  ),
  lines("Disk", "percentunit", "The fullest file system of each node.", [[q.diskShare(), "{{instance}}"]], {
    limit: limit.DISK_SHARE,
    max: 1,
  }),
  lines("Size of the Database", "bytes", "By database. Compare with the volume's size.", [
    ["max by (datname) (pg_database_size_bytes)", "{{datname}}"],
  ]),
  lines(
    "Connections",
    "percentunit",
    "Share of PostgreSQL's connection slots in use.",
    [[q.connectionShare(), "{{pod}}"]],
    {
      limit: limit.CONNECTION_SHARE,
      max: 1,
    },
  ),
  lines("Restarts", "short", "Restarts of containers in the hour before each point.", [
    ["sum by (pod) (increase(kube_pod_container_status_restarts_total[1h])) > 0 or vector(0)", "{{pod}}"],
  ]),
];
