import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import * as docker from "@pulumi/docker";
import type * as pulumi from "@pulumi/pulumi";
import type { ImagesConfig } from "../config/schema.ts";
import { resolveImage } from "../lib/images.ts";
import { hashOfInputs, SERVICE_INPUTS } from "./image.plan.ts";

export interface ServiceImage {
  reference: pulumi.Input<string>;
  version: string;
}

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** The service's one image: given by digest, or built here and pushed to the registry. */
export function serviceImage(images: ImagesConfig): ServiceImage {
  const { version } = JSON.parse(readFileSync(`${ROOT}service/package.json`, "utf8")) as { version: string };
  const pinned = images.pinned.service;
  if (pinned) return { reference: pinned, version };
  const nodeImage = resolveImage("node", images);
  const image = new docker.Image("service", {
    imageName: `${images.registry}/service:${hashOfInputs(ROOT, SERVICE_INPUTS, [nodeImage])}`,
    build: {
      context: ROOT,
      dockerfile: `${ROOT}service/Dockerfile`,
      args: { NODE_IMAGE: nodeImage },
      ...(images.buildNetwork ? { network: images.buildNetwork } : {}),
    },
  });
  return { reference: image.repoDigest, version };
}
