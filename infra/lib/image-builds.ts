import { fileURLToPath } from "node:url";
import * as docker from "@pulumi/docker";
import type * as pulumi from "@pulumi/pulumi";
import type { ImagesConfig } from "../config/schema.ts";
import { catalogue, type ImageEntry, type ImageName, isBuiltHere, resolveImage } from "./images.ts";
import { hashOfInputs } from "./inputs.ts";

export const ROOT = fileURLToPath(new URL("../..", import.meta.url));
/** What images of ours begin with, where `local/` does not make their base from Debian's archive. */
const DEBIAN = "docker.io/library/debian:trixie-slim";
const BASE = "infra/images/base";

export interface ImageBuild {
  /** Folder that the builder sees, from the repository's root. */
  context: string;
  dockerfile: string;
  /** What goes into the image: a change of it makes another one. */
  inputs: readonly string[];
  /** Build arguments. One that is an output is an image that is built before. @default {} */
  args?: Record<string, pulumi.Input<string>>;
  /** Texts that the image depends on besides its inputs. @default [] */
  extra?: readonly string[];
}

/** Builds an image, pushes it to the registry under the hash of its inputs, and gives its reference by digest. */
export function buildImage(name: string, images: ImagesConfig, build: ImageBuild): pulumi.Output<string> {
  const server = images.registry.split("/")[0] as string;
  const login = images.credentials[server];
  const image = new docker.Image(name, {
    imageName: `${images.registry}/${name}:${hashOfInputs(ROOT, build.inputs, build.extra)}`,
    build: {
      context: `${ROOT}${build.context}`,
      dockerfile: `${ROOT}${build.dockerfile}`,
      args: build.args ?? {},
      ...(images.buildNetwork ? { network: images.buildNetwork } : {}),
    },
    ...(login ? { registry: { server, ...login } } : {}),
  });
  return image.repoDigest;
}

/** References of third-party images; those that are published nowhere are built, once each, where the configuration says so. */
export class Images {
  readonly #config: ImagesConfig;
  readonly #built = new Map<string, pulumi.Output<string>>();

  constructor(config: ImagesConfig) {
    this.#config = config;
  }

  reference(name: ImageName): pulumi.Input<string> {
    if (!isBuiltHere(name, this.#config)) return resolveImage(name, this.#config);
    const { folder }: ImageEntry = catalogue[name];
    const context = `local/images/${folder}`;
    return this.#once(folder, () => this.#build(folder, context, { BASE: this.#base() }, [BASE]));
  }

  #base(): pulumi.Output<string> {
    return this.#once("base", () => this.#build("base", BASE, { DEBIAN }));
  }

  /** `under`: the contexts of what it begins with. */
  #build(
    name: string,
    context: string,
    args: Record<string, pulumi.Input<string>>,
    under: readonly string[] = [],
  ): pulumi.Output<string> {
    const inputs = [context, ...under];
    return buildImage(name, this.#config, {
      context,
      dockerfile: `${context}/Dockerfile`,
      inputs,
      args,
      extra: [DEBIAN],
    });
  }

  #once(folder: string, build: () => pulumi.Output<string>): pulumi.Output<string> {
    const known = this.#built.get(folder) ?? build();
    this.#built.set(folder, known);
    return known;
  }
}
