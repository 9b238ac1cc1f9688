/**
 * `node infra/preview/render.ts <tree> <stack>`, the request on stdin (renderer.ts): builds the stack of a checkout with the
 * engine mocked and prints what it would register, as JSON. A process per stack, because the SDK and the program keep state
 * in their modules. It asks no cluster, no network and no passphrase.
 */
import { createHash } from "node:crypto";
import { text } from "node:stream/consumers";
import { pathToFileURL } from "node:url";
import * as pulumi from "@pulumi/pulumi";
import { MockMonitor } from "@pulumi/pulumi/runtime/mocks.js";
import type { RenderRequest } from "./renderer.ts";
import type { Rendered } from "./types.ts";

/** How the SDK marks a secret inside a property. */
const SECRET_KEY = "4dabf18193072939515e22adb298388d";
const PROJECT = "media-platform";

const [tree, stack] = process.argv.slice(2);
if (!tree || !stack) throw new Error("usage: node infra/preview/render.ts TREE STACK < request.json");
const { config, secretMark, seed = "", overlayFolder } = JSON.parse(await text(process.stdin)) as RenderRequest;

const registered: Rendered[] = [];
const digest = (value: unknown) => createHash("sha256").update(JSON.stringify(value)).digest("hex");

/** The value without its marks; the paths of secrets are collected. */
function unwrap(value: unknown, path: string, secrets: string[]): unknown {
  // Where the checkout lies is no part of what it describes.
  if (typeof value === "string") return value.replaceAll(tree as string, "<checkout>");
  if (Array.isArray(value)) return value.map((inner, index) => unwrap(inner, `${path}[${index}]`, secrets));
  if (typeof value !== "object" || value === null) return value;
  if (SECRET_KEY in value) {
    secrets.push(path);
    return unwrap((value as { value?: unknown }).value, path, secrets);
  }
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key, unwrap(inner, path ? `${path}.${key}` : key, secrets)]),
  );
}

/**
 * An object without a name gets one of its contents: another ConfigMap is another name, and the pods that use it roll. For
 * manifests that are committed the name stays the same.
 */
function named(name: string, inputs: Record<string, unknown>): Record<string, unknown> {
  const metadata = (inputs.metadata ?? {}) as { name?: string; annotations?: Record<string, string> };
  if (metadata.name) return inputs;
  if (secretMark) return { ...inputs, metadata: { name: `${name}-0a1b2c3d`, ...metadata } };
  const annotations = { ...metadata.annotations, "pulumi.com/autonamed": "true" };
  return { ...inputs, metadata: { ...metadata, name: `${name}-${digest(inputs).slice(0, 8)}`, annotations } };
}

/** The outputs that the real providers would give, as far as the program reads them. */
function stateOf(type: string, name: string, inputs: Record<string, unknown>): Record<string, unknown> {
  if (type.startsWith("random:") && secretMark)
    return { ...inputs, result: `${secretMark}${name}`, base64: createHash("sha256").update(name).digest("base64") };
  if (type.startsWith("random:")) {
    const base64 = createHash("sha256")
      .update(`${seed}${name} ${JSON.stringify(inputs)}`)
      .digest("base64");
    return { ...inputs, result: `placeholder-${base64.slice(0, 20).replaceAll(/[+/]/g, "0")}`, base64 };
  }
  if (type === "docker:index/image:Image") {
    const image = String(inputs.imageName);
    return { ...inputs, repoDigest: `${image.replace(/:[^:/]*$/, "")}@sha256:${digest(image)}` };
  }
  return type.startsWith("kubernetes:") ? { ...inputs, status: {} } : inputs;
}

type Options = Pick<Rendered, "protect" | "ignoreChanges">;
const optionsOf = new Map<string, Options>();

/** The mocks are not told the options of a resource, the monitor is. */
function keepOptions(): void {
  const { registerResource } = MockMonitor.prototype;
  MockMonitor.prototype.registerResource = function (request, callback) {
    const ignoreChanges = request.getIgnorechangesList();
    optionsOf.set(`${request.getType()} ${request.getName()}`, {
      protect: request.getProtect() === true,
      ...(ignoreChanges.length > 0 ? { ignoreChanges } : {}),
    });
    return registerResource.call(this, request, callback);
  };
}

const mocks: pulumi.runtime.Mocks = {
  newResource: ({ type, name, inputs, custom }) => {
    const secretPaths: string[] = [];
    const plain = unwrap(inputs, "", secretPaths) as Record<string, unknown>;
    const object = type.startsWith("kubernetes:") ? named(name, plain) : plain;
    const options = optionsOf.get(`${type} ${name}`) as Options;
    if (custom) registered.push({ type, name, inputs: object, secretPaths: secretPaths.sort(), ...options });
    return { id: `${name}-id`, state: stateOf(type, name, object) };
  },
  call: ({ inputs }) => inputs,
};

process.on("uncaughtException", fail);
process.on("unhandledRejection", fail);

/** A mistake of a person goes without its stack trace, as the engine shows it. */
function fail(error: unknown): void {
  const shown = pulumi.RunError.isInstance(error) ? (error as Error).message : String((error as Error)?.stack ?? error);
  console.error(shown);
  process.exit(1);
}

keepOptions();
await pulumi.runtime.setMocks(mocks, PROJECT, stack, false);
pulumi.runtime.setAllConfig(config);
// No engine, so nothing is decrypted: the shell's passphrase, or a file that is gone with its cluster, is of no use here.
delete process.env.PULUMI_CONFIG_PASSPHRASE;
delete process.env.PULUMI_CONFIG_PASSPHRASE_FILE;
delete process.env.MEDIA_CONFIG_OVERLAY;
if (overlayFolder) process.env.MEDIA_CONFIG_OVERLAY = overlayFolder;
const program = (await import(pathToFileURL(`${tree}/infra/index.ts`).href)) as { default?: Record<string, unknown> };
await pulumi.runtime.disconnect();
const key = ({ type, name }: Rendered) => `${type} ${name}`;
registered.sort((a, b) => (key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : 0));
const outputs = secretMark && (await new Promise((resolve) => pulumi.output(program.default).apply(resolve)));
process.stdout.write(JSON.stringify({ resources: registered, ...(outputs ? { outputs } : {}) }));
