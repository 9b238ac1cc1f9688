import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { z } from "zod";
import { UserError } from "../lib/errors.ts";
import { examples } from "./examples.ts";
import { type Config, schema } from "./schema.ts";
import { publishedSecrets } from "./secrets.ts";

/** The project whose configuration keys are ours: `media-platform:<section>`. */
export const PROJECT = "media-platform";

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

export interface Sources {
  stack: string;
  /** What the engine knows of Pulumi.<stack>.yaml: "project:key" → text, objects as JSON. */
  engine: Record<string, string>;
  /** Folder with `<stack>.json`, laid over the committed file. @default none */
  overlayFolder?: string | undefined;
  /** What the stack's secrets are encrypted with. @default not a passphrase, or not known */
  passphrase?: string | undefined;
}

/** One typed, frozen object, or one error that lists every problem. */
export function loadConfig(sources: Sources): Config {
  const committed = sectionsOf(sources.engine);
  const published = publishedSecrets(sources.stack, committed, sources.passphrase);
  if (published) throw new UserError(published);
  const result = schema.safeParse(merge(committed, readOverlay(sources)));
  if (!result.success) throw new UserError(describe(result.error, sources.stack));
  return freeze(result.data);
}

/** The engine hands over scalars as text and everything else as JSON. */
function sectionsOf(engine: Record<string, string>): { [section: string]: Json } {
  const ours = Object.entries(engine).filter(([key]) => key.startsWith(`${PROJECT}:`));
  return Object.fromEntries(ours.map(([key, text]) => [key.slice(PROJECT.length + 1), parse(text)]));
}

function parse(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return text;
  }
}

function readOverlay({ stack, overlayFolder }: Sources): Json {
  const file = overlayFolder ? join(overlayFolder, `${stack}.json`) : "";
  if (!file || !existsSync(file)) return {};
  try {
    return JSON.parse(readFileSync(file, "utf8")) as Json;
  } catch (error) {
    throw new UserError(`${file} is not valid JSON: ${(error as Error).message}. Write it again with: make up`);
  }
}

/** Objects are merged key by key; anything else, lists too, is taken from the overlay whole. */
export function merge(base: Json, overlay: Json): Json {
  if (!isObject(base) || !isObject(overlay)) return overlay;
  const merged = { ...base };
  for (const [key, value] of Object.entries(overlay)) {
    const before = merged[key];
    merged[key] = before === undefined ? value : merge(before, value);
  }
  return merged;
}

function isObject(value: Json): value is { [key: string]: Json } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function describe(error: z.ZodError, stack: string): string {
  const lines = error.issues.flatMap((issue) => {
    const path = issue.path.map(String);
    if (issue.code !== "unrecognized_keys") return [line(path, issue.message)];
    return issue.keys.map((key) => unknownKey([...path, key], stack));
  });
  const head = `The configuration of stack ${stack} has ${lines.length === 1 ? "a problem" : `${lines.length} problems`}:`;
  return [
    head,
    ...lines,
    `Correct Pulumi.${stack}.yaml; with the embedded cluster, \`make up\` writes what is missing.`,
  ].join("\n");
}

/** Keys that had another name in an earlier version. */
const RENAMED: Readonly<Record<string, string>> = { "app.outside": "app.upstreams" };

function unknownKey(path: string[], stack: string): string {
  const key = path.join(".");
  const renamed = RENAMED[key];
  if (!renamed) return line(path, "is not a key of this program (misspelt?)");
  return `  - ${PROJECT}:${key}: ${key} was renamed ${renamed}: rename the key in Pulumi.${stack}.yaml`;
}

function line(path: string[], message: string): string {
  const example = exampleOf(path);
  const section = `${PROJECT}:${path.join(".")}`;
  return `  - ${section}: ${message}${example ? `; for example ${example}` : ""}`;
}

/** The example of the key itself, else of the nearest section above it. */
function exampleOf(path: string[]): string | undefined {
  for (let length = path.length; length > 0; length--) {
    const example = examples[path.slice(0, length).join(".")];
    if (example) return length === path.length ? example : `${path.slice(0, length).join(".")}: ${example}`;
  }
  return undefined;
}

function freeze<T>(value: T): T {
  if (typeof value === "object" && value !== null) {
    Object.values(value).forEach(freeze);
    Object.freeze(value);
  }
  return value;
}
