import { z } from "zod";
import { type Tier, type TierName, tiers } from "./tiers.ts";

const count = (most: number) => z.int().min(1).max(most).optional();
const memoryMi = z.int().min(32).max(65_536).optional();

/** What of a tier's sizes a stack may set otherwise. Bounds keep out what is surely a slip; units are in the names. */
export const sizesSection = z.strictObject({
  api: z
    .strictObject({
      /** Fewest pods. */
      replicas: count(100),
      /** Most pods, with `app.autoscale`. */
      maxReplicas: count(100),
      /** Mean CPU of a pod, in thousandths of a core, above which there are more, with `app.autoscale`. One process uses one core. @default 400 */
      cpuTargetMilli: z.int().min(20).max(1_000).optional(),
      memoryMi,
      /** Connections of one pod to each of the database's two pools. */
      poolMax: count(200),
    })
    .prefault({}),
  worker: z.strictObject({ replicas: count(100), memoryMi, poolMax: count(200) }).prefault({}),
  gateway: z.strictObject({ replicas: count(100), memoryMi }).prefault({}),
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
    return [part, { ...base[part as keyof Changes], ...Object.fromEntries(given) }] as const;
  });
  return { ...base, ...Object.fromEntries(changed) };
}
