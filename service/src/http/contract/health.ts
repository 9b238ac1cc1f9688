import { z } from "zod";
import { operation } from "./operation.ts";

const detail = {
  circuit: z.enum(["closed", "half-open", "open"]),
  lastSuccessAt: z.iso.datetime().nullable(),
  lastErrorAt: z.iso.datetime().nullable(),
  lastError: z.string().nullable().meta({ description: "Code of the problem that it was." }),
};
const serviceHealth = z
  .strictObject({
    name: z.enum(["tmdb", "plex", "youtube", "overseerr"]),
    status: z.enum(["up", "degraded", "down", "unknown"]),
    ...z.strictObject(detail).partial().shape,
  })
  .meta({ id: "ServiceHealth", description: "All but name and status is for administrators." });

export const health = {
  getServiceHealth: operation({
    method: "get",
    path: "/api/v1/health/services",
    tag: "health",
    summary: "How the upstreams were when the answering process last asked them",
    access: "user",
    answers: { 200: { description: "All four.", schema: z.strictObject({ items: z.array(serviceHealth) }) } },
  }),
};
