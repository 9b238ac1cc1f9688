import { join } from "node:path";
import type { CheckResult, DiffResult, PropertyDiff } from "../lib/provider.ts";
import {
  equal,
  hasUnknown,
  isMap,
  isUnknown,
  listAt,
  mapAt,
  type Props,
  stringAt,
  UNKNOWN,
  unwrapMap,
  type Value,
} from "../lib/values.ts";
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
    return { inputs: news, failures: [{ property: "imageName", reason: "imageName is required" }] };
  }
  const build = mapAt(inputs, "build");
  const context = build.context ?? ".";
  const dockerfile =
    build.dockerfile ?? (typeof context === "string" && !isUnknown(context) ? join(context, "Dockerfile") : UNKNOWN);
  const known =
    typeof context === "string" && typeof dockerfile === "string" && !isUnknown(context) && !isUnknown(dockerfile);
  const digest = known ? await contextDigest(context, dockerfile) : UNKNOWN;
  const given = isMap(news.build ?? null) ? (news.build as Props) : {};
  return { inputs: { ...news, build: { ...given, context, dockerfile, [DIGEST]: digest } } };
}

/** Compares inputs with the inputs of the last build. */
export function diffImage(olds: Props, news: Props, ignoreChanges: string[]): DiffResult {
  const compared: [string, Value | undefined, Value | undefined][] = [
    ...BUILD_KEYS.map((key): [string, Value | undefined, Value | undefined] => [
      `build.${key}`,
      mapAt(olds, "build")[key],
      mapAt(news, "build")[key],
    ]),
    ["imageName", olds.imageName, news.imageName],
    ["skipPush", olds.skipPush ?? false, news.skipPush ?? false],
    ["registry.server", mapAt(olds, "registry").server, mapAt(news, "registry").server],
  ];
  const detailed: { [path: string]: PropertyDiff } = {};
  for (const [path, old, now] of compared) {
    if (equal(old, now) || ignoreChanges.some((entry) => path === entry || path.startsWith(`${entry}.`))) continue;
    detailed[path] = { kind: old === undefined ? "add" : now === undefined ? "delete" : "update", inputDiff: true };
  }
  return { changes: Object.keys(detailed).length > 0, detailed };
}

/** Outputs that are known before a build; the digest is not. */
export function plannedOutputs(inputs: Props): Props {
  return { ...outputsOf(inputs), repoDigest: UNKNOWN };
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
  if (hasUnknown(inputs)) throw new Error("an image cannot be built from unknown inputs");
  await cli.requireDaemon();
  const imageName = String(inputs.imageName);
  const registry = registryArgs(inputs);
  return cli.withLogin(registry, async (login) => {
    const wanted = stringAt(inputs, "build", "builderVersion");
    const buildkit = wanted === undefined ? await cli.hasBuildKit() : wanted === "BuilderBuildKit";
    await cli.run(buildArgs(inputs), onLine, { ...login, DOCKER_BUILDKIT: buildkit ? "1" : "0" });
    const id = (await cli.run(["image", "inspect", "--format", "{{.Id}}", imageName])).trim();
    if (inputs.skipPush === true) return { id, outputs: { ...outputsOf(inputs), repoDigest: id } };
    const repoDigest = await pushImage(cli, imageName, login, onLine);
    return { id, outputs: { ...outputsOf(inputs), repoDigest } };
  });
}

/** Pushes a local image and answers `name@sha256:…`, by which others can pull exactly this one. */
export async function pushImage(
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

export function registryArgs(inputs: Props): Registry {
  const text = (key: string) => stringAt(inputs, "registry", key);
  return { server: text("server"), username: text("username"), password: text("password") };
}

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
    ...listAt(build, "cacheFrom", "images").flatMap((image) => flag("--cache-from", image)),
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
