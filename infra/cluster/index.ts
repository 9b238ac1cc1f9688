import type { Context, Outputs } from "../lib/context.ts";
import { Workload } from "../lib/workload.ts";
import { BackupStore } from "./backup-store.ts";
import { kubeStateMetricsPlan } from "./kube-state-metrics.plan.ts";
import { nodeExporterPlan } from "./node-exporter.plan.ts";

/** What a cluster has once, whatever runs on it. */
export function buildCluster(ctx: Context): Outputs {
  new Workload(nodeExporterPlan(), ctx);
  new Workload(kubeStateMetricsPlan(), ctx);
  const store = new BackupStore("backup-store", ctx);
  return { backupStoreTenants: store.tenants };
}
