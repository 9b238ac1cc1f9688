import { z } from "zod";
import { type Scaled, type Tier, type TierName, tiers } from "./tiers.ts";

const count = (most: number) => z.int().min(1).max(most).optional();
const memoryMi = z.int().min(32).max(65_536).optional();

/** Of a workload whose number of pods follows the load, with `app.autoscale`. */
const scaled = {
  /** Fewest pods. */
  replicas: count(100),
  /** Most pods. @default the tier's, or `replicas` where that is more */
  maxReplicas: count(100),
  /** Mean CPU of a pod, in thousandths of a core, above which there are more. One process uses one core. @default 400 */
  cpuTargetMilli: z.int().min(20).max(1_000).optional(),
  memoryMi,
};
/** Requests per second and pod above which there are more, with `autoscaling.adapter`. */
const requestsTarget = z.int().min(1).max(100_000).optional();
/** Connections of one pod to each of the database's two pools. */
const poolMax = count(200);

/** What of a tier's sizes a stack may set otherwise. Bounds keep out what is surely a slip; units are in the names. */
export const sizesSection = z.strictObject({
  /** `requestsTarget` @default 50 */
  api: z.strictObject({ ...scaled, requestsTarget, poolMax }).prefault({}),
  worker: z
    .strictObject({
      ...scaled,
      /** How late the oldest job may be before there are more pods, in seconds, with `autoscaling.adapter`. @default 30 */
      queueAgeTargetSeconds: z.int().min(1).max(86_400).optional(),
      poolMax,
    })
    .prefault({}),
  /** `requestsTarget` @default 400 */
  gateway: z.strictObject({ ...scaled, requestsTarget }).prefault({}),
  /** `requestsTarget` @default 50 */
  web: z.strictObject({ ...scaled, requestsTarget }).prefault({}),
  pgbouncer: z
    .strictObject({
      replicas: count(20),
      /** Connections of one pooler to each of the database's two sides. */
      poolSize: count(1_000),
      maxClients: count(100_000),
    })
    .prefault({}),
  redisCache: z.strictObject({ memoryMi }).prefault({}),
});

type Changes = z.output<typeof sizesSection>;

/** The tier's sizes with a stack's changes. */
export function sizesOf(tier: TierName, changes: Changes): Tier {
  const base = tiers[tier];
  const changed = Object.entries(changes).map(([part, sizes]) => {
    const given = Object.entries(sizes).filter(([, value]) => value !== undefined);
    return [part, withRoom({ ...base[part as keyof Changes], ...Object.fromEntries(given) }, sizes)] as const;
  });
  return { ...base, ...Object.fromEntries(changed) };
}

/** More pods at least than the tier's most are as many at most, unless the stack says otherwise. */
function withRoom<S extends object>(sizes: S & Partial<Pick<Scaled, "maxReplicas" | "replicas">>, changes: object): S {
  const { replicas = 0, maxReplicas } = sizes;
  if (maxReplicas === undefined || "maxReplicas" in changes) return sizes;
  return { ...sizes, maxReplicas: Math.max(replicas, maxReplicas) };
}
