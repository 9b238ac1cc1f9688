import { alerts } from "./alerts.ts";
import { business } from "./business.ts";
import { comparison } from "./comparison.ts";
import { historical } from "./historical.ts";
import { incidents } from "./incidents.ts";
import { jobs } from "./jobs.ts";
import { objectives } from "./objectives.ts";
import { outside } from "./outside.ts";
import { postgresql } from "./postgresql.ts";
import { realTime } from "./real-time.ts";
import { realUsers } from "./real-users.ts";
import { recovery } from "./recovery.ts";
import { red } from "./red.ts";
import { redis } from "./redis.ts";
import { runtime } from "./runtime.ts";
import { security } from "./security.ts";
import { telemetry } from "./telemetry.ts";
import { trends } from "./trends.ts";
import { use } from "./use.ts";

const BOARDS = [
  realTime,
  historical,
  trends,
  comparison,
  objectives,
  alerts,
  incidents,
  red,
  runtime,
  jobs,
  outside,
  security,
  postgresql,
  redis,
  recovery,
  use,
  telemetry,
  business,
  realUsers,
] as const;

/** Every dashboard by its uid, as version 1 JSON of Grafana. */
export function dashboards() {
  return Object.fromEntries(BOARDS.map((build) => build()).map((one) => [one.uid as string, one]));
}
