import type { Config, LayerName, StoreConfig } from "./schema.ts";

interface Problem {
  path: string[];
  message: string;
}

/** The layers that a stack runs while it follows another one's backup store: nothing in them writes to the database. */
const OF_A_STANDBY: readonly LayerName[] = ["cluster", "data", "observability"];

/** The layers that run: all that the stack has or, while it is a standby, those that write nothing. */
export function runningLayers({ layers, backups }: Pick<Config, "backups" | "layers">): LayerName[] {
  return backups?.standby ? layers.filter((layer) => OF_A_STANDBY.includes(layer)) : layers;
}

/** What is wrong with `backups.standby`, as issues of the schema. */
export function standbyProblems({ app, backups, layers }: Pick<Config, "app" | "backups" | "layers">): Problem[] {
  if (!backups?.standby) return [];
  const problems: Problem[] = [];
  const path = ["backups", "restoreFrom"];
  const { restoreFrom } = backups;
  if (!restoreFrom) {
    problems.push({ path, message: "is missing: a standby (backups.standby) follows the store that it names" });
  } else if (placeOf(restoreFrom) === placeOf(backups)) {
    const message =
      "is the stack's own store: a standby follows another stack's, and archives into its own once it is promoted";
    problems.push({ path, message });
  }
  if (layers.includes("observability") && app.doubles) {
    const message = "must be false: a standby (backups.standby) runs no doubles, and its alerts would reach nobody";
    problems.push({ path: ["app", "doubles"], message });
  }
  return problems;
}

const placeOf = ({ endpoint, bucket }: Pick<StoreConfig, "endpoint" | "bucket">) =>
  `${new URL(endpoint).host}/${bucket}`;
