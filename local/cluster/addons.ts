import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { UserError } from "../lib/errors.ts";
import { eventually } from "../lib/eventually.ts";
import { kubectl } from "./cluster.ts";
import type { Layout } from "./layout.ts";

/** What every conformant cluster brings along: names, volumes, resource metrics. One file each in addons/. */
const ADDONS = ["coredns", "storage", "metrics-server"] as const;

/** Applies them; unchanged ones stay as they are. */
export async function applyAddons(layout: Layout, images: Readonly<Record<string, string>>): Promise<void> {
  // Volumes outlive the namespaces: they are in the folder that becomes /var inside.
  const values = { ...images, dnsIp: layout.dnsIp, volumes: "/var/volumes" };
  const texts = await Promise.all(
    ADDONS.map((name) => readFile(join(import.meta.dirname, "addons", `${name}.yaml`), "utf8")),
  );
  // A new API server refuses an address that it has itself just given to the same Service; the second try finds it there.
  const apply = () =>
    kubectl(layout, ["apply", "--server-side", "--force-conflicts", "-f", "-"], fill(texts.join("\n---\n"), values));
  await eventually("the cluster's add-ons to be applied", 30, apply);
}

/** Replaces `{{name}}` by its value. */
export function fill(text: string, values: Readonly<Record<string, string>>): string {
  return text.replaceAll(/\{\{([\w-]+)\}\}/g, (_, name: string) => {
    const value = values[name];
    if (value === undefined)
      throw new UserError(
        `no value for {{${name}}} in the add-ons of the cluster`,
        "name it in local/cluster/addons.ts",
      );
    return value;
  });
}
