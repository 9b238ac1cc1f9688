import { existsSync } from "node:fs";
import { cp, mkdir, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { run } from "../lib/run.ts";
import { type Base, base } from "./base.ts";
import { BASE, IMAGE_NAMES, IMAGES, type ImageDefinition, STACK_IMAGES } from "./catalogue.ts";
import { imageError } from "./errors.ts";
import { FileHashes, keyOf } from "./hash.ts";
import { digestOf } from "./registry.ts";

/** How to reach the Docker daemon that builds. */
export interface Docker {
  /** Address, as in DOCKER_HOST. */
  readonly host: string;
  /** The client. @default "docker" */
  readonly command?: string;
}

export interface BuildOptions {
  readonly docker: Docker;
  /** Registry as pods name it, `127.0.0.1:<port>`. */
  readonly registry: string;
  /** Absolute path of every tool of local/toolchain that an image copies. */
  readonly tools: Readonly<Record<string, string>>;
  /** Base tar, build contexts, logs and hashes are kept here. */
  readonly cacheDir: string;
  /** Only these images. @default all that a stack needs */
  readonly only?: readonly string[];
  /** Gets lines for a person. @default silence */
  readonly onProgress?: (line: string) => void;
}

interface Run extends BuildOptions {
  readonly report: (line: string) => void;
  readonly base: Base;
  readonly hashes: FileHashes;
  /** The base as a local tag, imported at most once. */
  readonly baseTag: () => Promise<string>;
}

const HERE = import.meta.dirname;
/** More at once gains nothing: one build waits for the network while the other unpacks or is pushed. */
const PARALLEL = 2;
/** Of the host's environment, what a build needs to get out. */
const PROXIES = ["http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"];

/** Brings every image into the registry and returns each one's reference by digest. What is there already is left alone. */
export async function buildImages(options: BuildOptions): Promise<Record<string, string>> {
  const work = await prepare(options);
  const wanted = namesWanted(options.only);
  const pinned = new Map<string, string>();
  const queue = [...wanted];
  const worker = async () => {
    for (let name = queue.shift(); name; name = queue.shift()) {
      const started = Date.now();
      const { reference, built } = await provide(name, work);
      pinned.set(name, reference);
      const took = Math.round((Date.now() - started) / 1000);
      if (built) work.report(`images ${pinned.size}/${wanted.length}: ${name} built and pushed in ${took} s`);
    }
  };
  // One failure ends the run, but only after the other worker's step, so that nothing is left running.
  const results = await Promise.allSettled(
    Array.from({ length: PARALLEL }, () =>
      worker().catch((error) => {
        queue.length = 0;
        throw error;
      }),
    ),
  );
  await work.hashes.save();
  const failed = results.find((result) => result.status === "rejected");
  if (failed) throw failed.reason;
  return Object.fromEntries([...pinned].sort(([a], [b]) => (a < b ? -1 : 1)));
}

function namesWanted(only: readonly string[] | undefined): readonly string[] {
  const unknown = only?.filter((name) => !IMAGE_NAMES.includes(name)) ?? [];
  if (unknown.length > 0) {
    throw imageError(unknown.join(", "), "no such image", `name some of: ${IMAGE_NAMES.join(" ")}`);
  }
  return only ?? STACK_IMAGES;
}

async function prepare(options: BuildOptions): Promise<Run> {
  const report = options.onProgress ?? (() => {});
  const hashes = await FileHashes.load(join(options.cacheDir, "hashes.json"));
  const theBase = await base(options.cacheDir);
  let tag: Promise<string> | undefined;
  const work: Run = {
    ...options,
    report,
    hashes,
    base: theBase,
    baseTag: () => {
      tag ??= importBase(work);
      return tag;
    },
  };
  return work;
}

async function provide(name: string, work: Run): Promise<{ reference: string; built: boolean }> {
  const key = name === BASE ? work.base.key : await keyOfImage(definitionOf(name), work);
  const there = await digestOf(work.registry, name, key);
  if (there) return { reference: `${work.registry}/${name}@${there}`, built: false };
  const tag = `${work.registry}/${name}:${key}`;
  if (name === BASE) await docker(work, name, "tagging", ["tag", await work.baseTag(), tag]);
  else await build(definitionOf(name), tag, work);
  await docker(work, name, "pushing", ["push", tag]);
  const digest = await digestOf(work.registry, name, key);
  if (!digest) throw imageError(name, "pushed, but the registry does not have it", "run it again", logOf(name, work));
  return { reference: `${work.registry}/${name}@${digest}`, built: true };
}

function definitionOf(name: string): ImageDefinition {
  const definition = IMAGES.find((image) => image.name === name);
  if (!definition) throw new Error(`no image ${name} in the catalogue`);
  return definition;
}

/** What goes into the build context, by name there. */
function contextOf(image: ImageDefinition, work: Run): Map<string, string> {
  const files = new Map([["Dockerfile", join(HERE, image.name, "Dockerfile")]]);
  for (const tool of image.tools ?? []) {
    const path = work.tools[tool];
    if (!path || !existsSync(path)) {
      throw imageError(
        image.name,
        `its program ${tool} is not built (${path ?? "no path given"})`,
        "make up builds it",
      );
    }
    files.set(tool, path);
  }
  for (const file of image.packages ?? []) files.set(file.as, join(packageFolder(image.name, file.package), file.path));
  return files;
}

/** Where an npm package that an image copies is installed. */
export function packageFolder(image: string, pattern: string): string {
  const name = pattern.replace("{arch}", process.arch);
  // Searched by hand: packages need not let their package.json be imported.
  for (const folder of createRequire(import.meta.url).resolve.paths(name) ?? []) {
    if (existsSync(join(folder, name, "package.json"))) return join(folder, name);
  }
  throw imageError(image, `the npm package ${name} is not installed`, "npm ci");
}

async function keyOfImage(image: ImageDefinition, work: Run): Promise<string> {
  const lines = image.onBase === false ? [] : [work.base.key];
  for (const [name, path] of contextOf(image, work)) lines.push(...(await work.hashes.ofTree(path, name)));
  return keyOf(lines);
}

async function build(image: ImageDefinition, tag: string, work: Run): Promise<void> {
  const context = join(work.cacheDir, "contexts", image.name);
  await rm(context, { recursive: true, force: true });
  await mkdir(context, { recursive: true });
  for (const [name, path] of contextOf(image, work)) {
    await mkdir(dirname(join(context, name)), { recursive: true });
    await cp(path, join(context, name), { recursive: true, dereference: true });
  }
  const baseArgs = image.onBase === false ? [] : ["--build-arg", `BASE=${await work.baseTag()}`];
  const proxies = PROXIES.filter((name) => process.env[name]).flatMap((name) => ["--build-arg", name]);
  await docker(work, image.name, "building", ["build", "--network=host", ...baseArgs, ...proxies, "-t", tag, context]);
  await rm(context, { recursive: true, force: true });
}

async function importBase(work: Run): Promise<string> {
  const tag = `media-images/${BASE}:${work.base.key}`;
  const tar = await work.base.tar(work.report);
  await docker(work, BASE, "importing", ["import", tar, tag]);
  return tag;
}

const logOf = (name: string, work: Run) => join(work.cacheDir, "logs", `${name}.log`);

async function docker(work: Run, image: string, doing: string, args: string[]): Promise<void> {
  await run(
    {
      subject: `image ${image}`,
      doing,
      command: [work.docker.command ?? "docker", ...args],
      // Only the legacy builder is everywhere: newer clients carry no builder of their own without a plugin.
      env: { DOCKER_HOST: work.docker.host, DOCKER_BUILDKIT: "0" },
      log: logOf(image, work),
      remedy: "read the log; apt-get update must work on this machine and the disk must not be full; then run it again",
    },
    work.report,
  );
}
