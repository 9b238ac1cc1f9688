import { z } from "zod";
import type { Metrics } from "../metrics/metrics.ts";
import type { ServiceHealth } from "../recovery/service-health.ts";
import { createJsonApi } from "./json-api.ts";

const counts = z.object({ pending: z.int(), approved: z.int(), processing: z.int(), available: z.int() });
const status = z.object({ version: z.string().min(1) });
export type RequestCounts = z.infer<typeof counts>;

/** An Overseerr server, as far as this service needs it. */
export interface Overseerr {
  /** How many requests it holds, by state. */
  counts(): Promise<RequestCounts | undefined>;
  /** Whether it works, by its cheapest route; throws a Problem where it does not. */
  probe(): Promise<void>;
  health(): ServiceHealth;
  close(): Promise<void>;
}

interface OverseerrOptions {
  baseUrl: string;
  key: string;
  metrics: Metrics;
}

export function createOverseerr({ baseUrl, key, metrics }: OverseerrOptions): Overseerr {
  const api = createJsonApi({ name: "overseerr", baseUrl, headers: { "x-api-key": key }, metrics });
  return {
    counts: () => api.get("/api/v1/request/count", {}, counts),
    probe: () => api.probe("/api/v1/status", {}, status),
    health: api.health,
    close: api.close,
  };
}
