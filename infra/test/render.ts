/**
 * `node infra/test/render.ts <stack>`: builds the stack with the engine mocked and prints what it would register, as JSON.
 * A process per stack, because the SDK and the program keep state in their modules.
 */
import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { committedConfig, overlay, PROJECT, SECRET_MARK, STACKS, type Stack } from "./fixtures.ts";
import type { Registered, Rendered } from "./rendered.ts";

/** How the SDK marks a secret inside a property. */
const SECRET_KEY = "4dabf18193072939515e22adb298388d";

const registered: Registered[] = [];

function unwrap(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(unwrap);
  if (typeof value !== "object" || value === null) return value;
  if (SECRET_KEY in value) return unwrap((value as { value?: unknown }).value);
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, unwrap(inner)]));
}

/** The outputs that the real providers would give, as far as the program reads them. */
function stateOf(type: string, name: string, inputs: Record<string, unknown>): Record<string, unknown> {
  if (type.startsWith("random:")) {
    const base64 = createHash("sha256").update(name).digest("base64");
    return { ...inputs, result: `${SECRET_MARK}${name}`, base64 };
  }
  if (!type.startsWith("kubernetes:")) return inputs;
  const metadata = { name: `${name}-0a1b2c3d`, ...(inputs.metadata as object) };
  return { ...inputs, metadata, status: {} };
}

const mocks: pulumi.runtime.Mocks = {
  newResource: ({ type, name, inputs }) => {
    const plain = unwrap(inputs) as Record<string, unknown>;
    registered.push({ type, name, inputs: plain });
    return { id: `${name}-id`, state: stateOf(type, name, plain) };
  },
  call: ({ inputs }) => inputs,
};

async function render(stack: Stack): Promise<Rendered> {
  const folder = mkdtempSync(join(tmpdir(), "media-render-"));
  try {
    writeFileSync(join(folder, `${stack}.json`), JSON.stringify(overlay(stack)));
    process.env.MEDIA_CONFIG_OVERLAY = folder;
    await pulumi.runtime.setMocks(mocks, PROJECT, stack, false);
    pulumi.runtime.setAllConfig(committedConfig(stack));
    const program = (await import("../index.ts")) as { default: Record<string, unknown> };
    await pulumi.runtime.disconnect();
    const outputs = await new Promise((resolve) => pulumi.output(program.default).apply(resolve));
    const byName = (a: Registered, b: Registered) => `${a.type} ${a.name}`.localeCompare(`${b.type} ${b.name}`, "en");
    return { stack, resources: registered.sort(byName), outputs: outputs as Record<string, unknown> };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const stack = STACKS.find((known) => known === process.argv[2]);
if (!stack) throw new Error(`usage: node infra/test/render.ts ${STACKS.join("|")}`);
process.stdout.write(JSON.stringify(await render(stack)));
