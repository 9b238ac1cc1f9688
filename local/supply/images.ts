import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { kubectl } from "../cluster/cluster.ts";
import type { Layout } from "../cluster/layout.ts";
import { UserError } from "../lib/errors.ts";
import { overlayFolder } from "../stack/environment.ts";

/** The images that `make up` pinned, and those that pods run, which has ours too; by name. */
export async function imagesOf(layout: Layout): Promise<Map<string, string>> {
  const overlay = await readFile(join(overlayFolder(layout), "base.json"), "utf8").catch(() => {
    throw new UserError(`cluster ${layout.name} has no images: it was never up`, "bring it up: make up");
  });
  const { pinned } = (JSON.parse(overlay) as { images: { pinned: Record<string, string> } }).images;
  const { stdout } = await kubectl(layout, ["get", "pods", "-A", "-o", "jsonpath={..image}"]);
  const running = stdout
    .split(/\s+/)
    .filter((one) => one.startsWith(`127.0.0.1:${layout.registryPort}/`) && one.includes("@"));
  const byName = (reference: string) => [/([^/@]+)@/.exec(reference)?.[1] ?? reference, reference] as const;
  return new Map([...Object.entries(pinned), ...running.map(byName)].sort(([a], [b]) => (a < b ? -1 : 1)));
}
