import type { DaemonSetSpec } from "../lib/workload.types.ts";

/** Figures of each node: processor, memory, disks, pressure. */
export function nodeExporterPlan(): DaemonSetSpec {
  const host = (hostPath: string, path: string) => ({ type: "host", hostPath, path, readOnly: true }) as const;
  return {
    name: "node-exporter",
    component: "cluster",
    kind: "DaemonSet",
    nodeAgent: {},
    image: "node-exporter",
    command: ["/usr/bin/prometheus-node-exporter"],
    args: [
      "--path.procfs=/host/proc",
      "--path.sysfs=/host/sys",
      "--path.rootfs=/host/root",
      // Volumes and images of pods are counted by the kubelet.
      "--collector.filesystem.mount-points-exclude=^/(dev|proc|run|sys|var/lib/(containerd|docker|kubelet))($|/)",
      // The pod's own network is not the node's, and systemd is not to be reached from here.
      "--no-collector.netclass",
      "--no-collector.netdev",
      "--no-collector.systemd",
      "--log.level=warn",
    ],
    volumes: { proc: host("/proc", "/host/proc"), root: host("/", "/host/root"), sys: host("/sys", "/host/sys") },
    metrics: { port: "metrics" },
    probes: { readiness: { path: "/", port: "metrics" }, liveness: { path: "/", port: "metrics", failures: 6 } },
    resources: { cpuMilli: 10, memoryMi: 64 },
  };
}
