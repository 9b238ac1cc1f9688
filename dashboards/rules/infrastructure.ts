import { cpuShare, diskShare, memoryShare, podsNotReady } from "../library/queries.ts";
import { CPU_SHARE, DISK_SHARE, MEMORY_SHARE } from "../thresholds.ts";
import { above, type Rule } from "./rule.ts";

export const infrastructureRules: readonly Rule[] = [
  {
    name: "NodeCpuHigh",
    category: "infrastructure",
    severity: "warning",
    expr: above(cpuShare("5m"), CPU_SHARE.warning),
    for: "10m",
    summary: "{{ $labels.instance }} uses {{ $value | humanizePercentage }} of its CPU",
    description: "Answers and jobs become slow, because processes wait for a core.",
    dashboard: { uid: "real-time", panel: "CPU Usage" },
  },
  {
    name: "NodeMemoryHigh",
    category: "infrastructure",
    severity: "warning",
    expr: above(memoryShare(), MEMORY_SHARE.warning),
    for: "5m",
    summary: "{{ $labels.instance }} uses {{ $value | humanizePercentage }} of its memory",
    description: "The kernel will end processes when no memory is left.",
    dashboard: { uid: "real-time", panel: "Memory Usage" },
  },
  {
    name: "NodeDiskHigh",
    category: "infrastructure",
    severity: "warning",
    expr: above(diskShare(), DISK_SHARE.warning),
    for: "5m",
    summary: "The fullest disk of {{ $labels.instance }} is {{ $value | humanizePercentage }} full",
    description: "PostgreSQL stops when its volume is full, and so do Prometheus, Loki and Jaeger.",
    dashboard: { uid: "real-time", panel: "Disk Usage" },
  },
  {
    name: "NodeDiskFull",
    category: "infrastructure",
    severity: "critical",
    expr: above(diskShare(), DISK_SHARE.critical),
    for: "1m",
    summary: "The fullest disk of {{ $labels.instance }} is {{ $value | humanizePercentage }} full",
    description: "Writes are about to fail: act now.",
    dashboard: { uid: "real-time", panel: "Disk Usage" },
  },
  {
    name: "PodNotReady",
    category: "infrastructure",
    severity: "warning",
    expr: podsNotReady(),
    for: "2m",
    summary: "{{ $labels.pod }} runs and is not ready",
    description: "It takes no requests; the others of its workload, where there are any, do its work too.",
    dashboard: { uid: "incidents", panel: "Pods That Are Not Ready" },
  },
];
