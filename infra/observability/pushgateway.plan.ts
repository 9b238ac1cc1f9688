import type { Tier } from "../config/tiers.ts";
import { portOf } from "../lib/endpoints.ts";
import type { DeploymentSpec } from "../lib/workload.types.ts";

const DATA = "/var/lib/pushgateway";

/** Keeps what short-lived jobs push until Prometheus comes for it, and over a restart of its own. */
export function pushgatewayPlan(sizes: Tier["pushgateway"]): DeploymentSpec {
  return {
    name: "pushgateway",
    component: "observability",
    // One process owns the file; it writes it once more when it is told to stop.
    rollout: { recreate: true },
    image: "pushgateway",
    args: [
      `--web.listen-address=:${portOf("pushgateway", "http")}`,
      `--persistence.file=${DATA}/metrics`,
      // After a crash this much is lost at most; each job pushes again within a minute.
      "--persistence.interval=30s",
      "--log.level=warn",
    ],
    volumes: { data: { type: "claim", path: DATA, sizeGi: sizes.volumeGi } },
    env: { GOMEMLIMIT: `${Math.floor(sizes.memoryMi * 0.8)}MiB` },
    metrics: { port: "http" },
    probes: {
      startup: { path: "/-/ready", port: "http" },
      readiness: { path: "/-/ready", port: "http" },
      liveness: { path: "/-/healthy", port: "http", failures: 6 },
    },
    resources: { cpuMilli: 10, memoryMi: sizes.memoryMi },
  };
}
