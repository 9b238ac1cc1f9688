import type { Tier } from "../config/tiers.ts";
import { type Endpoint, hostPort } from "../lib/handles.ts";
import type { CronJobSpec } from "../lib/workload.types.ts";
import { recoveryScripts } from "./scripts.ts";

export interface ContinuousDrillArgs {
  sizes: Pick<Tier, "continuousDrill" | "restoreProof">;
  pushgateway: Pick<Endpoint, "link" | "host" | "port">;
}

/** A run that takes longer is ended. */
const DEADLINE_SECONDS = 1800;
const SCRATCH = "/scratch";
/** A small database, its repository, and a restored copy of it. */
const SCRATCH_MI = 2048;

/**
 * Drills a recovery by a schedule (scripts/simulation.py), on a database of the pod's own: it has no secret of the stack, no way
 * to the stack's database or store, and leaves its figures at Pushgateway.
 */
export function continuousDrillPlan({ sizes, pushgateway }: ContinuousDrillArgs): CronJobSpec {
  return {
    name: "continuous-drill",
    component: "recovery",
    kind: "CronJob",
    schedule: { cron: sizes.continuousDrill.cron, deadlineSeconds: DEADLINE_SECONDS },
    image: "postgres",
    command: ["python3", "/opt/scripts/simulation.py", "--push"],
    env: {
      POSTGRES_BIN: "/usr/lib/postgresql/17/bin",
      PUSHGATEWAY_URL: `http://${hostPort(pushgateway as Endpoint)}`,
      // The scripts are on a read-only volume.
      PYTHONDONTWRITEBYTECODE: "1",
      SCRATCH_FOLDER: SCRATCH,
    },
    connectsTo: [pushgateway.link],
    files: { scripts: { path: "/opt/scripts", reload: true, data: recoveryScripts() } },
    volumes: {
      // The pod's own: it is gone with the pod, however that ends.
      scratch: { type: "scratch", path: SCRATCH, sizeMi: SCRATCH_MI },
      shm: { type: "scratch", path: "/dev/shm", sizeMi: 64, inMemory: true },
    },
    resources: { cpuMilli: 2, memoryMi: sizes.restoreProof.memoryMi, requestMi: 64 },
    drain: { graceSeconds: 5 },
  };
}
