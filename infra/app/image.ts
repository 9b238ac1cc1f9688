import { readFileSync } from "node:fs";
import type * as pulumi from "@pulumi/pulumi";
import type { ImagesConfig } from "../config/schema.ts";
import { buildImage, ROOT } from "../lib/image-builds.ts";
import { resolveImage } from "../lib/images.ts";
import { BUILDS, type BuildName } from "./image.plan.ts";

export interface BuiltImage {
  reference: pulumi.Input<string>;
  version: string;
}

/** An image of ours: given by digest (`images.pinned.<name>`), or built here and pushed to the registry. */
export function builtImage(name: BuildName, images: ImagesConfig): BuiltImage {
  const { version } = JSON.parse(readFileSync(`${ROOT}${name}/package.json`, "utf8")) as { version: string };
  const pinned = images.pinned[name];
  if (pinned) return { reference: pinned, version };
  const { context, inputs } = BUILDS[name];
  const nodeImage = resolveImage("node", images);
  const reference = buildImage(name, images, {
    context,
    dockerfile: `${name}/Dockerfile`,
    inputs,
    args: { NODE_IMAGE: nodeImage },
    extra: [nodeImage],
  });
  return { reference, version };
}
