import type { Tier } from "../config/tiers.ts";
import type { DataLayer } from "../data/index.ts";
import type { Context } from "../lib/context.ts";
import { Workload } from "../lib/workload.ts";
import type { ObservabilityLayer } from "../observability/index.ts";
import { continuousDrillPlan } from "./continuous-drill.plan.ts";
import { restoreProofPlan } from "./restore-proof.plan.ts";

export interface RecoveryArgs {
  sizes: Pick<Tier, "backup" | "continuousDrill" | "postgres" | "restoreProof">;
  data: DataLayer;
  observability: Pick<ObservabilityLayer, "pushgateway">;
}

/** What shows that the stack's backups can be restored, and what a recovery needs. */
export function buildRecovery(ctx: Context, { observability, ...args }: RecoveryArgs): void {
  new Workload(restoreProofPlan({ ...args, backups: args.data.stores, pushgateway: observability.pushgateway }), ctx);
  new Workload(continuousDrillPlan({ sizes: args.sizes, pushgateway: observability.pushgateway }), ctx);
}
