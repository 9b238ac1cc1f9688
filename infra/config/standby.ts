import type { Config, LayerName, StoreConfig } from "./schema.ts";

/** The layers that a stack runs while it follows another one's backup store: nothing in them writes to the database. */
const OF_A_STANDBY: readonly LayerName[] = ["cluster", "data", "observability"];

interface Followed {
  endpoint: string;
  bucket: string;
  restoreFrom?: Pick<StoreConfig, "endpoint" | "bucket"> | undefined;
  standby: boolean;
}

/** The layers that run: all that the stack has or, while it is a standby, those that write nothing. */
export function runningLayers({ layers, backups }: Pick<Config, "backups" | "layers">): LayerName[] {
  return backups?.standby ? layers.filter((layer) => OF_A_STANDBY.includes(layer)) : layers;
}

/** What is wrong with `backups.standby`, as issues of the schema. */
export function standbyProblems(backups: Followed | undefined): { path: string[]; message: string }[] {
  if (!backups?.standby) return [];
  const path = ["backups", "restoreFrom"];
  const { restoreFrom } = backups;
  if (!restoreFrom)
    return [{ path, message: "is missing: a standby (backups.standby) follows the store that it names" }];
  if (placeOf(restoreFrom) !== placeOf(backups)) return [];
  const message =
    "is the stack's own store: a standby follows another stack's, and archives into its own once it is promoted";
  return [{ path, message }];
}

const placeOf = ({ endpoint, bucket }: Pick<StoreConfig, "endpoint" | "bucket">) =>
  `${new URL(endpoint).host}/${bucket}`;
