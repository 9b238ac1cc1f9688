import { BUILD_INFO, EVENT_LOOP_SECONDS_TOTAL } from "@media/service/metric-names";
import { board } from "../library/board.ts";
import * as q from "../library/queries.ts";
import { lines, number } from "../library/short.ts";
import * as limit from "../thresholds.ts";

const POD = '{pod=~"$pod"}';

/** The Node.js processes: event loop, garbage collection, heap. */
export const runtime = () =>
  board({
    uid: "runtime",
    title: "Node.js runtime",
    description:
      "Does a process have time and memory? A busy event loop delays every answer; garbage collection stops it.",
    tags: ["service"],
    variables: [{ name: "pod", label: "Pod", from: { metric: BUILD_INFO, label: "pod" }, all: true }],
    rows: [
      { title: "Event loop", panels: eventLoop() },
      { title: "Garbage collection", panels: collection() },
      { title: "Memory and handles", panels: memory() },
    ],
  });

const eventLoop = () => [
  lines(
    "Utilisation",
    "percentunit",
    "Share of the time in which the event loop was at work. Near 100 %, requests wait: add processes.",
    [[q.eventLoopShare("$__rate_interval", POD), "{{pod}}"]],
    { limit: limit.EVENT_LOOP_SHARE, max: 1 },
  ),
  lines(
    "Delay",
    "s",
    "How late timers run: 99 of 100 are no later. Long work in one piece shows here first.",
    [[`nodejs_eventloop_lag_p99_seconds${POD}`, "{{pod}}"]],
    { limit: limit.EVENT_LOOP_DELAY_SECONDS },
  ),
  lines(
    "CPU",
    "short",
    `Cores that each process uses, by seconds of ${EVENT_LOOP_SECONDS_TOTAL} and helpers together.`,
    [
      [
        `sum by (pod) (rate(process_cpu_user_seconds_total${POD}[$__rate_interval]) + rate(process_cpu_system_seconds_total${POD}[$__rate_interval]))`,
        "{{pod}}",
      ],
    ],
  ),
];

const collection = () => [
  lines(
    "Time in Garbage Collection",
    "percentunit",
    "Share of the time that each process spends on it. Above 10 %, it has too little heap or makes too much waste.",
    [[q.collectionShare("$__rate_interval", POD), "{{pod}}"]],
    { limit: limit.COLLECTION_SHARE },
  ),
  lines("Collections", "ops", "How often, by kind: minor ones are cheap, major ones stop the process.", [
    [`sum by (kind) (rate(nodejs_gc_duration_seconds_count${POD}[$__rate_interval]))`, "{{kind}}"],
  ]),
  lines("Duration of One", "s", "Mean seconds of a collection, by kind.", [
    [
      `sum by (kind) (rate(nodejs_gc_duration_seconds_sum${POD}[$__rate_interval])) / (sum by (kind) (rate(nodejs_gc_duration_seconds_count${POD}[$__rate_interval])) > 0)`,
      "{{kind}}",
    ],
  ]),
];

const memory = () => [
  lines(
    "Heap",
    "bytes",
    "Heap in use, by process. A line that only rises is a leak.",
    [[`nodejs_heap_size_used_bytes${POD}`, "{{pod}}"]],
    { span: 6 },
  ),
  lines(
    "Heap by Space",
    "bytes",
    "Over all processes: new space is young, old space has survived.",
    [[`sum by (space) (nodejs_heap_space_size_used_bytes${POD})`, "{{space}}"]],
    { span: 6, stacked: true },
  ),
  lines(
    "Resident Memory",
    "bytes",
    "All memory of each process, with buffers outside the heap.",
    [[`process_resident_memory_bytes{pod=~"$pod",job=~"api|worker|doubles"}`, "{{pod}}"]],
    { span: 6 },
  ),
  lines(
    "Handles",
    "short",
    "Open handles by type, over all processes.",
    [[`sum by (type) (nodejs_active_handles${POD})`, "{{type}}"]],
    { span: 6 },
  ),
  number("Processes", "short", "Processes by version.", [[`count by (version) (${BUILD_INFO}${POD})`, "{{version}}"]], {
    decimals: 0,
  }),
];
