import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { PUBLISHED_PASSPHRASE } from "@media/infra/passphrase";
import type { Layout } from "../cluster/layout.ts";
import { CACHE, REPO } from "../lib/paths.ts";
import { BIN } from "../toolchain/build.ts";

const PUBLIC_STACKS = ["dev", "staging", "perf"];

export const isPublic = (stack: string) => PUBLIC_STACKS.includes(stack);

/** Folder of the configuration that `make up` lays over the committed one. */
export const overlayFolder = (layout: Layout) => join(layout.dir, "config");

/** Where the engine keeps states, locks and history. */
export const pulumiFolder = (layout: Layout) => join(layout.dir, "pulumi");

/**
 * Without `metadata=skip` the engine writes a second file beside each state, and not atomically: killed in between, it
 * leaves an empty one, and every later call ends with "failed to load checkpoint: EOF".
 */
const backendUrl = (folder: string) => `file://${folder}?metadata=skip`;

/** What `make env` exports: with it plain `pulumi`, `kubectl` and the tools work on this cluster. */
export function environment(layout: Layout, stack: string): Record<string, string> {
  const home = pulumiFolder(layout);
  const path = (process.env.PATH ?? "").split(":").filter((folder) => !ours.includes(folder));
  return {
    PATH: [...ours, ...path].join(":"),
    KUBECONFIG: layout.kubeconfig,
    // Compiled code of the program and the plugins is kept from run to run.
    NODE_COMPILE_CACHE: join(CACHE, "node"),
    DOCKER_HOST: `unix://${layout.dockerSocket}`,
    DOCKER_BUILDKIT: "0",
    MEDIA_CLUSTER: layout.name,
    MEDIA_CONFIG_OVERLAY: overlayFolder(layout),
    PULUMI_HOME: join(home, "home"),
    PULUMI_BACKEND_URL: backendUrl(home),
    PULUMI_CONFIG_PASSPHRASE_FILE: passphraseFile(layout, stack),
    // Each create of the plugin has a name of its own as the owner of fields. An object that is taken over, from an engine that
    // was killed or from a state that was lost, has two owners then, and a later change of it would be a conflict.
    PULUMI_K8S_ENABLE_PATCH_FORCE: "true",
    PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
    PULUMI_SKIP_UPDATE_CHECK: "true",
  };
}

const ours = [BIN, join(REPO, "local/bin"), join(REPO, "local/providers/bin"), join(REPO, "node_modules/.bin")];

function passphraseFile(layout: Layout, stack: string): string {
  return join(pulumiFolder(layout), isPublic(stack) ? "passphrase" : "passphrase-private");
}

/** Makes the folders and passphrases that the environment names. */
export async function prepareEnvironment(layout: Layout): Promise<void> {
  for (const dir of [pulumiFolder(layout), join(pulumiFolder(layout), "home"), overlayFolder(layout)]) {
    await mkdir(dir, { recursive: true, mode: 0o700 });
  }
  const passphrases = { passphrase: PUBLISHED_PASSPHRASE, "passphrase-private": randomBytes(24).toString("base64url") };
  for (const [name, text] of Object.entries(passphrases)) {
    const file = join(pulumiFolder(layout), name);
    if (!existsSync(file)) await writeFile(file, text, { mode: 0o600 });
  }
}

/** Shell lines for `eval`. */
export function exports(variables: Readonly<Record<string, string>>): string {
  return Object.entries(variables)
    .map(([name, value]) => `export ${name}='${value.replaceAll("'", `'\\''`)}'`)
    .join("\n");
}

/** The verbs' own calls of tools see what `make env` shows. */
export function useEnvironment(layout: Layout, stack: string): void {
  Object.assign(process.env, environment(layout, stack));
}
