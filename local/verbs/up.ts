import { join } from "node:path";
import { targetOf } from "@media/drills/stack";
import { journey, verifyEvidence } from "@media/drills/verify/journey";
import { podsReady } from "@media/drills/verify/pods";
import { applyAddons } from "../cluster/addons.ts";
import { configureContainerd, startCluster, waitBuilder, waitReady } from "../cluster/cluster.ts";
import { KUBECONFIG_CONTEXT } from "../cluster/files.ts";
import { type Layout, layoutOf } from "../cluster/layout.ts";
import { preflight } from "../doctor/checks.ts";
import { installPackages } from "../host/packages.ts";
import { buildImages } from "../images/build.ts";
import { IMAGES, STACK_IMAGES } from "../images/catalogue.ts";
import { CACHE } from "../lib/paths.ts";
import { phase, say } from "../lib/progress.ts";
import { access } from "../stack/access.ts";
import { tryToKeepCopy } from "../stack/copies/states.ts";
import { deploy } from "../stack/deploy.ts";
import { prepareEnvironment, useEnvironment } from "../stack/environment.ts";
import { backupStore, writeOverlay } from "../stack/overlay.ts";
import { buildTools } from "../toolchain/build.ts";
import { TOOLS } from "../toolchain/catalogue.ts";
import type { Options } from "./options.ts";

type Images = Record<string, string>;

/** Brings a stack up from any state of the machine, and sends a request through it. Every part first checks what exists already. */
export async function up({ stack, name }: Options): Promise<void> {
  await preflight(name);
  const layout = layoutOf(name);
  await prepareEnvironment(layout);
  useEnvironment(layout, stack);
  await phase("host packages", () => installPackages("up", say));
  const images = await prepareCluster(layout);
  await writeOverlay({ layout, name: "base" }, common(layout, images));
  await phase("stack base", () => deploy({ layout, name: "base" }));
  if (stack === "base") return;
  const backups = await backupStore({ layout, name: stack });
  await writeOverlay({ layout, name: stack }, { ...common(layout, images), backups });
  await phase(`stack ${stack}`, () => deploy({ layout, name: stack }));
  const reached = access({ layout, name: stack });
  await phase("its pods", () => podsReady(reached));
  await phase("copy of its state", () => tryToKeepCopy({ layout, name: stack }));
  // A standby has no address for users until it is promoted (docs/recovery.md).
  if (!("gatewayUrl" in ((await reached.outputs()) ?? {})))
    return say(`stack ${stack} is up, and follows another stack`);
  const target = await targetOf(reached);
  const made = await phase("journey", () => journey(target));
  await phase("its evidence", () => verifyEvidence(target, made));
  say(`stack ${stack} is up; its addresses: make outputs`);
}

/** Builds tools and images and starts the cluster. Images of Debian packages are built while Go compiles. */
export async function prepareCluster(layout: Layout): Promise<Images> {
  const first = ["supervisor", "pause", "kubernetes"];
  const rest = TOOLS.filter((tool) => tool.for === "up" && !first.includes(tool.name)).map((tool) => tool.name);
  const early = await phase("cluster tools", () => buildTools(first, say));
  await startCluster(layout);
  await phase("image builder", () => waitBuilder(layout));
  const build = (tools: Images, only: readonly string[]) => buildImages({ ...builder(layout), tools, only });
  const ofTools = IMAGES.filter((image) => image.tools && image.name !== "pause").map((image) => image.name);
  const others = STACK_IMAGES.filter((image) => !ofTools.includes(image));
  const [late, withoutTools] = await phase("tools and images", () =>
    Promise.all([
      buildTools(rest, say),
      build(early, others).then(async (images) => {
        await configureContainerd(layout, images.pause as string);
        return images;
      }),
    ]),
  );
  const images = { ...withoutTools, ...(await phase("images of tools", () => build({ ...early, ...late }, ofTools))) };
  await phase("cluster", () => waitReady(layout));
  await applyAddons(layout, images);
  return images;
}

/** An image that no stack has, for a verb that needs it: its reference by digest. */
export async function imageOnDemand(layout: Layout, name: string): Promise<string> {
  const images = await phase(`image ${name}`, () => buildImages({ ...builder(layout), tools: {}, only: [name] }));
  return images[name] as string;
}

const builder = (layout: Layout) => ({
  docker: { host: `unix://${layout.dockerSocket}` },
  registry: `127.0.0.1:${layout.registryPort}`,
  cacheDir: join(CACHE, "images"),
  onProgress: say,
});

function common(layout: Layout, images: Images) {
  return {
    kubernetes: { context: KUBECONFIG_CONTEXT(layout), kubeconfig: layout.kubeconfig },
    images: { registry: `127.0.0.1:${layout.registryPort}`, pinned: images, buildNetwork: "host" },
    // On 127.0.0.1 alone, for the verbs and drills of this machine.
    access: { direct: true },
    // Its image cannot be pulled here: `make dashboards` draws the same dashboards.
    grafana: { enabled: false },
  };
}
