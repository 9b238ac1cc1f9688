import { copyFile, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { namespaceOf, targetOf } from "@media/drills/stack";
import { journey, verifyEvidence } from "@media/drills/verify/journey";
import { podsReady } from "@media/drills/verify/pods";
import { execa } from "execa";
import { parseDocument } from "yaml";
import { blocksOf, exportsOf } from "../../docs/guide.ts";
import { KUBECONFIG_CONTEXT } from "../cluster/files.ts";
import { layoutOf } from "../cluster/layout.ts";
import { REPO } from "../lib/paths.ts";
import { environment, overlayFolder } from "../stack/environment.ts";
import { outputs } from "../stack/pulumi.ts";
import { MINUTE } from "./commands.ts";

/** A second cluster, which the guide's follower knows by its kubeconfig, its registry and a bucket alone. */
const NAME = "e2e-own";

interface Tenant extends Record<"endpoint" | "bucket" | "caPem" | "accessKey" | "secretKey", string> {
  expiry: Record<"accessKey" | "secretKey", string>;
}

/** docs/own-cluster.md, followed to the letter. */
export function ownCluster(): void {
  describe("the guide for a cluster of one's own", () => {
    test(
      "its blocks, one after the other, end with a served request whose evidence is found",
      async () => {
        const folder = await mkdtemp(join(tmpdir(), "media-own-"));
        try {
          await execa("make", ["-s", "up", "STACK=base", `NAME=${NAME}`], { cwd: REPO, stdin: "ignore" });
          await follow(folder);
        } finally {
          await execa("make", ["-s", "down", `NAME=${NAME}`], { cwd: REPO, stdin: "ignore" });
          await rm(layoutOf(NAME).dir, { recursive: true, force: true });
          await rm(folder, { recursive: true, force: true });
        }
      },
      30 * MINUTE,
    );
  });
}

async function follow(folder: string): Promise<void> {
  const layout = layoutOf(NAME);
  const clone = join(folder, "clone");
  await execa("git", ["clone", "--quiet", REPO, clone]);
  const [values = "", ...steps] = blocksOf(await readFile(join(clone, "docs/own-cluster.md"), "utf8"));
  const base = (await outputs({ layout, name: "base" })) as { backupStoreTenants: { dev: Tenant } };
  const store = base.backupStoreTenants.dev;
  const [kubeconfig, ca] = [join(folder, "kubeconfig"), join(folder, "s3-ca.pem")];
  await copyFile(layout.kubeconfig, kubeconfig);
  await writeFile(ca, store.caPem);
  // The guide's first block with the values of this cluster.
  const mine: Record<string, string> = {
    BACKUP_KEY: "a-key-of-a-test-for-the-backups",
    CONTEXT: KUBECONFIG_CONTEXT(layout),
    KUBECONFIG: kubeconfig,
    NODE_ADDRESS: "127.0.0.1",
    PULUMI_CONFIG_PASSPHRASE: "a passphrase of this test",
    REGISTRY: `127.0.0.1:${layout.registryPort}`,
    S3_BUCKET: store.bucket,
    S3_CA: ca,
    S3_DELETING_KEY: store.expiry.accessKey,
    S3_DELETING_SECRET: store.expiry.secretKey,
    S3_ENDPOINT: store.endpoint,
    S3_KEY: store.accessKey,
    S3_SECRET: store.secretKey,
  };
  expect(Object.keys(mine)).toEqual(exportsOf(values).sort());
  const env: Record<string, string> = { ...plainEnvironment(folder), ...mine };
  const run = (block: string) =>
    execa("bash", ["-euo", "pipefail", "-c", block], { cwd: clone, env, extendEnv: false });
  const [install = "", deploy = "", request = ""] = steps;
  expect(steps).toHaveLength(3);
  await run(install);
  env.PATH = `${join(clone, "node_modules/.bin")}:${env.PATH}`;
  const [configure = "", up = ""] = deploy.split(/^(?=pulumi up)/m);
  expect(up).toMatch(/^pulumi up /);
  await run(configure);
  await useOwnImages(join(clone, "Pulumi.dev.yaml"));
  await run(up);
  expect(JSON.parse((await run(request)).stdout)).toMatchObject({ id: expect.any(String) });

  const found = JSON.parse(await readFile(join(clone, "outputs.json"), "utf8")) as Record<string, unknown>;
  const stack = {
    name: "dev",
    namespace: namespaceOf("dev"),
    kubeconfig: { file: kubeconfig, context: mine.CONTEXT as string },
    outputs: async () => found,
  };
  await podsReady(stack);
  const target = await targetOf(stack);
  await verifyEvidence(target, await journey(target));
}

/** Programs and plugins of the toolchain, and a backend and a home of Pulumi of their own. Nothing of the overlay. */
function plainEnvironment(folder: string): Record<string, string> {
  const all = { ...process.env, ...environment(layoutOf(NAME), "dev") };
  const kept = Object.entries(all).filter(([name, value]) => value !== undefined && !OF_THE_VERBS.includes(name));
  const own = { PULUMI_HOME: join(folder, "pulumi"), PULUMI_BACKEND_URL: `file://${folder}` };
  return { ...(Object.fromEntries(kept) as Record<string, string>), ...own };
}

/** What the verbs set and a follower of the guide does not have. */
const OF_THE_VERBS = ["MEDIA_CLUSTER", "MEDIA_CONFIG_OVERLAY", "PULUMI_CONFIG_PASSPHRASE_FILE"];

/**
 * What this machine cannot do: it pulls no published images and no base images to build from, so that all are those of its
 * own registry, by digest, and Grafana does not run.
 */
async function useOwnImages(file: string): Promise<void> {
  const overlay = JSON.parse(await readFile(join(overlayFolder(layoutOf(NAME)), "base.json"), "utf8")) as {
    images: { pinned: Record<string, string>; buildNetwork: string };
  };
  const document = parseDocument(await readFile(file, "utf8"));
  const images = ["config", "media-platform:images"];
  document.setIn([...images, "pinned"], document.createNode(overlay.images.pinned));
  document.setIn([...images, "buildNetwork"], overlay.images.buildNetwork);
  document.setIn([...images, "build"], false);
  document.setIn(["config", "media-platform:grafana"], document.createNode({ enabled: false }));
  await writeFile(file, String(document));
}
