import { writeFileSync } from "node:fs";
import * as pulumi from "@pulumi/pulumi";
import { loadConfig } from "./config/load.ts";
import type { BackupsConfig, LayerName } from "./config/schema.ts";
import { passphraseOf } from "./config/secrets.ts";
import { sizesOf } from "./config/sizes.ts";
import { runningLayers } from "./config/standby.ts";
import type { DataLayer } from "./data/index.ts";
import { Context } from "./lib/context.ts";
import { configuredAddresses, Links } from "./lib/links.ts";
import { mermaid } from "./lib/picture.ts";
import type { ObservabilityLayer } from "./observability/index.ts";

// The language host puts source maps into every stack trace, and the SDK takes one for each promise it makes: a quarter of the time of a
// program whose lines are as written anyhow.
Reflect.deleteProperty(Error, "prepareStackTrace");

const stack = pulumi.getStack();
const config = loadConfig({
  stack,
  engine: pulumi.runtime.allConfig(),
  overlayFolder: process.env.MEDIA_CONFIG_OVERLAY,
  passphrase: passphraseOf(process.env),
});
const ctx = new Context(stack, config);
const sizes = sizesOf(config.tier, config.sizes);
const layers = runningLayers(config);

/** The layer, where the stack has it. Its module is imported on demand: a stack pays only for the layers it has. */
async function layer<M, L>(name: LayerName, load: () => Promise<M>, build: (module: M) => L): Promise<L | undefined> {
  return layers.includes(name) ? build(await load()) : undefined;
}

// In the order of their dependencies: each layer gets its part of the configuration and the handles of layers before it.
const cluster = await layer(
  "cluster",
  () => import("./cluster/index.ts"),
  ({ buildCluster }) =>
    buildCluster(ctx, { sizes, tenants: config.backupStoreTenants, autoscaling: config.autoscaling }),
);
const data = await layer(
  "data",
  () => import("./data/index.ts"),
  // The schema demands `backups` of a stack with this layer.
  ({ buildData }) => buildData(ctx, { sizes, backups: config.backups as BackupsConfig }),
);
const observability = await layer(
  "observability",
  () => import("./observability/index.ts"),
  ({ buildObservability }) =>
    buildObservability(ctx, {
      sizes,
      alerts: config.alerts,
      grafana: config.grafana,
      responder: layers.includes("app"),
    }),
);
const app = await layer(
  "app",
  () => import("./app/index.ts"),
  // The schema demands the data layer of a stack with this one.
  ({ buildApp }) =>
    buildApp(ctx, {
      sizes,
      app: config.app,
      autoscaling: config.autoscaling,
      alerts: config.alerts,
      auth: config.auth,
      data: data as DataLayer,
      observability,
    }),
);
await layer(
  "recovery",
  () => import("./recovery/index.ts"),
  // The schema demands the data and observability layers of a stack with this one.
  ({ buildRecovery }) =>
    buildRecovery(ctx, {
      sizes,
      data: data as DataLayer,
      observability: observability as ObservabilityLayer,
    }),
);
new Links(ctx, configuredAddresses(config));

// The picture in ARCHITECTURE.md is drawn from what the program declared, not from memory.
const picture = process.env.MEDIA_PICTURE;
if (picture) writeFileSync(picture, mermaid(ctx.members));

export default {
  caPem: ctx.authority.caPem,
  ...cluster?.outputs,
  ...data?.outputs,
  ...observability?.outputs,
  ...app?.outputs,
};
