import type { Config } from "../config/schema.ts";
import type { Tier } from "../config/tiers.ts";
import type { Context, Outputs } from "../lib/context.ts";
import { Workload } from "../lib/workload.ts";
import { PrometheusAdapter } from "./adapter/index.ts";
import { BackupStore } from "./backup-store.ts";
import { kubeStateMetricsPlan } from "./kube-state-metrics.plan.ts";
import { nodeExporterPlan } from "./node-exporter.plan.ts";

export interface ClusterArgs {
  sizes: Pick<Tier, "postgres">;
  /** Stacks that keep their backups in the cluster's store. */
  tenants: readonly string[];
  autoscaling: Config["autoscaling"];
}

export interface ClusterLayer {
  outputs: Outputs;
}

/** What a cluster has once for all its stacks. */
export function buildCluster(ctx: Context, { sizes, tenants, autoscaling }: ClusterArgs): ClusterLayer {
  new Workload(nodeExporterPlan(), ctx);
  new Workload(kubeStateMetricsPlan(), ctx);
  if (autoscaling.adapter) new PrometheusAdapter(ctx);
  const store = new BackupStore("backup-store", ctx, { tenants, volumeGi: sizes.postgres.volumeGi });
  return { outputs: { backupStoreTenants: store.tenants } };
}
