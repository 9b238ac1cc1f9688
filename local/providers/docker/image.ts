import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import type { CheckResult } from "@pulumi/pulumi/provider/index.js";
import { hasUnknown, mapAt, type Props, UNKNOWN, unwrapMap, type Value } from "../values.ts";
import type { DockerCli, Registry } from "./cli.ts";
import { contextDigest } from "./context.ts";

/** `docker:index/image:Image`: builds from a context and pushes, again exactly when the digest of the context or an argument changes. */

const DIGEST = "contextDigest";
/** Parts of `build` by which an image differs. Paths are not among them: the digest covers what they lead to. */
const BUILD_KEYS = [DIGEST, "args", "platform", "target", "network", "addHosts", "builderVersion"];

/** Inputs with the defaults filled in and the digest of the context, which is what a diff looks at. */
export async function checkImage(news: Props): Promise<CheckResult> {
  const inputs = unwrapMap(news);
  if (typeof inputs.imageName !== "string") {
    return { failures: [{ property: "imageName", reason: "imageName is required" }] };
  }
  const { context = ".", dockerfile = hasUnknown(context) ? UNKNOWN : join(String(context), "Dockerfile") } = mapAt(
    inputs,
    "build",
  );
  try {
    const known = !hasUnknown(context) && !hasUnknown(dockerfile);
    const digest = known ? await contextDigest(String(context), String(dockerfile)) : UNKNOWN;
    return { inputs: { ...news, build: { ...mapAt(news, "build"), context, dockerfile, [DIGEST]: digest } } };
  } catch (error) {
    return { failures: [{ property: "build", reason: (error as Error).message }] };
  }
}

/** The inputs in which an image differs from the last one. */
export function changedInputs(olds: Props, news: Props): string[] {
  const of = (inputs: Props): Record<string, Value | undefined> => ({
    ...Object.fromEntries(BUILD_KEYS.map((key) => [`build.${key}`, mapAt(inputs, "build")[key]])),
    imageName: inputs.imageName,
    skipPush: inputs.skipPush ?? false,
    "registry.server": mapAt(inputs, "registry").server,
  });
  const [before, after] = [of(olds), of(news)];
  return Object.keys(after).filter((key) => !isDeepStrictEqual(before[key], after[key]));
}

function outputsOf(inputs: Props): Props {
  const build = mapAt(inputs, "build");
  return {
    baseImageName: inputs.imageName ?? "",
    imageName: inputs.imageName ?? "",
    context: build.context ?? ".",
    dockerfile: build.dockerfile ?? "Dockerfile",
    ...(build.platform !== undefined && { platform: build.platform }),
    registryServer: mapAt(inputs, "registry").server ?? registryOf(String(inputs.imageName ?? "")),
  };
}

/** Builds and pushes. */
export async function buildImage(
  cli: DockerCli,
  inputs: Props,
  onLine: (line: string) => void,
): Promise<{ id: string; outputs: Props }> {
  await cli.requireDaemon();
  const imageName = String(inputs.imageName);
  const registry = registryArgs(inputs);
  return cli.withLogin(registry, async (login) => {
    const wanted = mapAt(inputs, "build").builderVersion;
    const buildkit = wanted === undefined ? await cli.hasBuildKit() : wanted === "BuilderBuildKit";
    await cli.run(buildArgs(inputs), onLine, { ...login, DOCKER_BUILDKIT: buildkit ? "1" : "0" });
    const id = (await cli.run(["image", "inspect", "--format", "{{.Id}}", imageName])).trim();
    if (inputs.skipPush === true) return { id, outputs: { ...outputsOf(inputs), repoDigest: id } };
    const repoDigest = await pushImage(cli, imageName, login, onLine);
    return { id, outputs: { ...outputsOf(inputs), repoDigest } };
  });
}

/** Pushes a local image and answers `name@sha256:…`, by which others can pull exactly this one. */
async function pushImage(
  cli: DockerCli,
  imageName: string,
  env: NodeJS.ProcessEnv,
  onLine: (line: string) => void,
): Promise<string> {
  const pushed = await cli.run(["push", imageName], onLine, env);
  const digest = /digest: (sha256:[0-9a-f]{64})/.exec(pushed)?.[1];
  if (!digest) throw new Error(`docker push ${imageName} did not say the image's digest:\n${pushed}`);
  return `${repositoryOf(imageName)}@${digest}`;
}

function registryArgs(inputs: Props): Registry {
  const registry = mapAt(inputs, "registry");
  const text = (key: string) => (typeof registry[key] === "string" ? registry[key] : undefined);
  return { server: text("server"), username: text("username"), password: text("password") };
}

const listAt = (props: Props, key: string): Value[] => {
  const found = props[key];
  return Array.isArray(found) ? found : [];
};

/** The arguments of `docker build`. */
export function buildArgs(inputs: Props): string[] {
  const build = mapAt(inputs, "build");
  const flag = (name: string, value: Value | undefined) =>
    value === undefined || value === null || value === "" ? [] : [name, String(value)];
  const args = Object.entries(mapAt(build, "args")).sort(([a], [b]) => (a < b ? -1 : 1));
  return [
    "build",
    ...flag("--tag", inputs.imageName),
    ...flag("--file", build.dockerfile),
    ...flag("--platform", build.platform),
    ...flag("--target", build.target),
    ...flag("--network", build.network),
    ...listAt(build, "addHosts").flatMap((host) => flag("--add-host", host)),
    ...listAt(mapAt(build, "cacheFrom"), "images").flatMap((image) => flag("--cache-from", image)),
    ...args.flatMap(([key, value]) => ["--build-arg", `${key}=${value}`]),
    String(build.context ?? "."),
  ];
}

/** An image's name without its tag; a colon before the last slash belongs to a port. */
export const repositoryOf = (imageName: string): string => imageName.replace(/@.*$/, "").replace(/:[^:/]*$/, "");

/** The registry of an image's name: its first part when that looks like a host. */
export function registryOf(imageName: string): string {
  const [first = "", ...rest] = imageName.split("/");
  return rest.length > 0 && /[.:]|^localhost$/.test(first) ? first : "docker.io";
}
