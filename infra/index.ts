import { writeFileSync } from "node:fs";
import * as pulumi from "@pulumi/pulumi";
import { loadConfig } from "./config/load.ts";
import type { LayerName } from "./config/schema.ts";
import { Context, type Outputs } from "./lib/context.ts";
import { Links } from "./lib/links.ts";
import { mermaid } from "./lib/picture.ts";

// The language host puts source maps into every stack trace, and the SDK takes one for each promise it makes: a quarter of the time of a
// program whose lines are as written anyhow.
Reflect.deleteProperty(Error, "prepareStackTrace");

type Layer = (ctx: Context) => Outputs;

/** Imported on demand: a stack pays only for the layers it has. */
const layers: Record<LayerName, () => Promise<Layer>> = {
  cluster: async () => (await import("./cluster/index.ts")).buildCluster,
  data: async () => (await import("./data/index.ts")).buildData,
  app: async () => (await import("./app/index.ts")).buildApp,
  observability: async () => (await import("./observability/index.ts")).buildObservability,
};

const stack = pulumi.getStack();
const config = loadConfig({
  stack,
  engine: pulumi.runtime.allConfig(),
  overlayFolder: process.env.MEDIA_CONFIG_OVERLAY,
});
const ctx = new Context(stack, config);

const outputs: Outputs = { caPem: ctx.authority.caPem };
for (const layer of config.layers) {
  const build = await layers[layer]();
  Object.assign(outputs, build(ctx));
}
new Links(ctx);

// The picture in ARCHITECTURE.md is drawn from what the program declared, not from memory.
const picture = process.env.MEDIA_PICTURE;
if (picture) writeFileSync(picture, mermaid(ctx.members));

export default outputs;
