import { rules, rulesYaml } from "@media/dashboards/rules";
import type { Tier } from "../config/tiers.ts";
import type { DeploymentSpec } from "../lib/workload.types.ts";
import { prometheusConfig } from "./scrape.plan.ts";

const DATA = "/var/lib/prometheus";

/**
 * Scrapes everything of the stack, and of the cluster what concerns the stack.
 *
 * @param pagesUrl where people find its pages, below their own path; it answers without that path. @default nowhere
 */
export function prometheusPlan(stack: string, sizes: Tier["prometheus"], pagesUrl?: string): DeploymentSpec {
  return {
    name: "prometheus",
    component: "observability",
    rollout: { recreate: true },
    image: "prometheus",
    args: [
      "--config.file=/etc/prometheus/prometheus.yaml",
      `--storage.tsdb.path=${DATA}`,
      `--storage.tsdb.retention.time=${sizes.retentionHours}h`,
      `--storage.tsdb.retention.size=${Math.floor(sizes.volumeGi * 0.8 * 1024)}MB`,
      "--enable-feature=exemplar-storage",
      ...(pagesUrl ? [`--web.external-url=${pagesUrl}/prometheus/`, "--web.route-prefix=/"] : []),
      "--log.level=warn",
    ],
    files: {
      config: {
        path: "/etc/prometheus",
        data: { "prometheus.yaml": prometheusConfig(stack, sizes), "rules.yaml": rulesYaml(rules, sizes) },
      },
    },
    volumes: { data: { type: "claim", path: DATA, sizeGi: sizes.volumeGi } },
    env: { GOMEMLIMIT: `${Math.floor(sizes.memoryMi * 0.8)}MiB` },
    connectsTo: ["alertmanager:http", "all-metrics", "kubernetes-api", "node"],
    metrics: { port: "http" },
    rbac: {
      cluster: [
        { apiGroups: [""], resources: ["nodes", "pods"], verbs: ["get", "list", "watch"] },
        { apiGroups: [""], resources: ["nodes/metrics"], verbs: ["get"] },
      ],
    },
    probes: {
      startup: { path: "/-/ready", port: "http", failures: 150 },
      readiness: { path: "/-/ready", port: "http" },
      liveness: { path: "/-/healthy", port: "http", failures: 6 },
    },
    resources: { cpuMilli: 25, memoryMi: sizes.memoryMi },
  };
}
