import { board } from "../library/board.ts";
import * as q from "../library/queries.ts";
import { lines, number, rows } from "../library/short.ts";
import * as limit from "../thresholds.ts";

const POD = '{pod=~"$pod",container!=""}';

/** Utilisation, saturation and errors of nodes and pods. */
export const use = () =>
  board({
    uid: "use",
    title: "Nodes and pods (USE)",
    description: "Utilisation, saturation and errors: which resource is scarce, and which pod takes it.",
    tags: ["infrastructure"],
    variables: [{ name: "pod", label: "Pod", from: { metric: "kube_pod_info", label: "pod" }, all: true }],
    rows: [
      { title: "Node: utilisation", panels: utilisation() },
      { title: "Node: saturation and errors", panels: saturation() },
      { title: "Pods", panels: pods() },
      { title: "Kubernetes", panels: kubernetes() },
    ],
  });

const share = (name: string, unit: string) =>
  [`rate(node_pressure_${name}_seconds_total[$__rate_interval])`, unit] as const;

const utilisation = () => [
  lines("CPU", "percentunit", "Share of the cores at work.", [[q.cpuShare("$__rate_interval"), "{{instance}}"]], {
    limit: limit.CPU_SHARE,
    max: 1,
    span: 6,
  }),
  lines("Memory", "percentunit", "Share that cannot be given to others.", [[q.memoryShare(), "{{instance}}"]], {
    limit: limit.MEMORY_SHARE,
    max: 1,
    span: 6,
  }),
  lines("Disk Space", "percentunit", "Of the fullest file system.", [[q.diskShare(), "{{instance}}"]], {
    limit: limit.DISK_SHARE,
    max: 1,
    span: 6,
  }),
  lines(
    "Disk at Work",
    "percentunit",
    "Share of the time in which a disk had something to do.",
    [["max by (instance, device) (rate(node_disk_io_time_seconds_total[$__rate_interval]))", "{{device}}"]],
    { span: 6 },
  ),
];

const saturation = () => [
  lines(
    "Waiting for CPU",
    "percentunit",
    "Share of the time in which some process waited for a core (pressure).",
    [share("cpu_waiting", "waiting")],
    { span: 6 },
  ),
  lines(
    "Waiting for Memory",
    "percentunit",
    "Some (waiting) or all (stalled) processes waited for memory.",
    [share("memory_waiting", "waiting"), share("memory_stalled", "stalled")],
    { span: 6 },
  ),
  lines(
    "Waiting for Disks",
    "percentunit",
    "Some (waiting) or all (stalled) processes waited for a disk.",
    [share("io_waiting", "waiting"), share("io_stalled", "stalled")],
    { span: 6 },
  ),
  lines(
    "Errors",
    "short",
    "Processes that the kernel ended for want of memory, connections it dropped, in 5 minutes.",
    [
      ["sum(increase(node_vmstat_oom_kill[5m]))", "out of memory"],
      ["sum(increase(node_netstat_TcpExt_ListenDrops[5m]))", "connections dropped"],
    ],
    { span: 6 },
  ),
  lines("Network", "Bps", "Received and sent by the node.", [
    ["sum by (instance) (rate(node_netstat_IpExt_InOctets[$__rate_interval]))", "received"],
    ["sum by (instance) (rate(node_netstat_IpExt_OutOctets[$__rate_interval]))", "sent"],
  ]),
  lines("Load", "short", "Processes that run or wait, by the minute, against the number of cores.", [
    ["max(node_load1)", "load"],
    ['count(node_cpu_seconds_total{mode="idle"})', "cores"],
  ]),
  lines("Retransmitted", "percentunit", "Share of TCP segments that were sent again.", [
    [
      "sum(rate(node_netstat_Tcp_RetransSegs[$__rate_interval])) / sum(rate(node_netstat_Tcp_OutSegs[$__rate_interval]))",
      "retransmitted",
    ],
  ]),
];

const pods = () => [
  lines(
    "CPU by Pod",
    "short",
    "Cores that the ten busiest pods use.",
    [[`topk(10, sum by (pod) (rate(container_cpu_usage_seconds_total${POD}[$__rate_interval])))`, "{{pod}}"]],
    { span: 12, stacked: true, height: 8 },
  ),
  lines(
    "Memory by Pod",
    "bytes",
    "Memory that the ten largest pods hold and the kernel cannot take back.",
    [[`topk(10, sum by (pod) (container_memory_working_set_bytes${POD}))`, "{{pod}}"]],
    { span: 12, stacked: true, height: 8 },
  ),
  rows(
    "Nearest to Their Limit",
    "percentunit",
    "Memory of each container as a share of its limit. At 100 % the kernel ends it.",
    `max by (pod, container) (container_memory_working_set_bytes${POD} / (container_spec_memory_limit_bytes${POD} > 0))`,
    { pod: "pod", container: "container", Value: "of the limit" },
  ),
  rows(
    "Restarts",
    "short",
    "Restarts of containers in the chosen time.",
    'sum by (pod, container) (increase(kube_pod_container_status_restarts_total{pod=~"$pod"}[$__range])) > 0',
    { pod: "pod", container: "container", Value: "restarts" },
  ),
];

const kubernetes = () => [
  number(
    "Pods Not Ready",
    "short",
    "Pods that run and are not ready.",
    [
      'sum(kube_pod_status_ready{condition="false"} * on (namespace, pod) kube_pod_status_phase{phase="Running"}) or vector(0)',
    ],
    { limit: { warning: 1, critical: 3 }, decimals: 0 },
  ),
  number(
    "Requested CPU",
    "percentunit",
    "Share of the nodes' cores that pods have asked for.",
    [q.requestedShare("cpu")],
    {
      limit: limit.REQUESTED_SHARE,
    },
  ),
  number(
    "Requested Memory",
    "percentunit",
    "Share of the nodes' memory that pods have asked for.",
    [q.requestedShare("memory")],
    {
      limit: limit.REQUESTED_SHARE,
    },
  ),
  number(
    "Deployments Behind",
    "short",
    "Replicas that deployments want and do not have.",
    ["sum(kube_deployment_status_replicas_unavailable) or vector(0)"],
    { limit: { warning: 1, critical: 3 }, decimals: 0 },
  ),
];
