import { JOB_DURATION_SECONDS, QUEUE_JOBS, WORKER_LAST_POLL_TIMESTAMP_SECONDS } from "@media/service/metric-names";
import { board } from "../library/board.ts";
import * as q from "../library/queries.ts";
import { lines, number, rows } from "../library/short.ts";
import * as limit from "../thresholds.ts";

const rate = (metric: string) => `rate(${metric}[$__rate_interval])`;

/** The queues in PostgreSQL, their workers, and the jobs of Kubernetes. */
export const jobs = () =>
  board({
    uid: "jobs",
    title: "Jobs",
    description: "Is the work done that was accepted? Queues, how long jobs take and wait, and the scheduled jobs.",
    tags: ["service"],
    variables: [{ name: "queue", label: "Queue", from: { metric: QUEUE_JOBS, label: "queue" }, all: true }],
    rows: [
      { title: "Queues", panels: queues() },
      { title: "Scheduled jobs of Kubernetes", panels: scheduled() },
    ],
  });

const QUEUE = '{queue=~"$queue"}';

const queues = () => [
  lines("Due and at Work", "short", "Jobs by queue and state.", [
    [`max by (queue, state) (${QUEUE_JOBS}{queue=~"$queue",state!="delayed"})`, "{{queue}} {{state}}"],
  ]),
  lines("Oldest Job That Is Due", "s", "How long it has waited, by queue.", [[q.queueAgeSeconds(), "{{queue}}"]], {
    limit: limit.QUEUE_AGE_SECONDS,
  }),
  lines("Delayed", "short", "Jobs that are due later: retries after a failure among them.", [
    [`max by (queue) (${QUEUE_JOBS}{queue=~"$queue",state="delayed"})`, "{{queue}}"],
  ]),
  lines("Done", "ops", "Jobs per second, by outcome.", [
    [`sum by (queue, outcome) (${rate(`${JOB_DURATION_SECONDS}_count${QUEUE}`)})`, "{{queue}} {{outcome}}"],
  ]),
  lines("Duration", "s", "95th percentile by queue.", [
    [`histogram_quantile(0.95, sum by (le, queue) (${rate(`${JOB_DURATION_SECONDS}_bucket${QUEUE}`)}))`, "{{queue}}"],
  ]),
  lines("Since the Last Poll", "s", "Of each worker. It asks every few seconds; one that stopped asking is stuck.", [
    [`time() - max by (pod) (${WORKER_LAST_POLL_TIMESTAMP_SECONDS})`, "{{pod}}"],
  ]),
];

const scheduled = () => [
  rows(
    "Since the Last Success",
    "s",
    "Seconds, by scheduled job.",
    "time() - max by (cronjob) (kube_cronjob_status_last_successful_time)",
    {
      cronjob: "job",
      Value: "ago",
    },
  ),
  number(
    "Failed",
    "short",
    "Jobs of Kubernetes that failed and are still kept.",
    ["count(kube_job_status_failed > 0) or vector(0)"],
    {
      limit: { warning: 1, critical: 10 },
      decimals: 0,
    },
  ),
  number("Running", "short", "Jobs of Kubernetes that run now.", ["sum(kube_job_status_active) or vector(0)"], {
    decimals: 0,
  }),
];
