import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { SECRET_KEYS } from "../config/secrets.ts";

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
type Section = { [key: string]: Json };

const PROJECT = "media-platform";
const OVERLAYS = join(import.meta.dirname, "overlays");

export interface StackConfig {
  /** As the engine hands it to the program: "project:key" → text, objects as JSON. */
  engine: Record<string, string>;
  /** Replacements and deletions of stateful resources that the stack file agrees to. */
  confirmed: string[];
  /** What is wrong with the stack file itself. */
  problems: string[];
}

/** The stacks of a checkout, by their files. */
export function stacksOf(tree: string): string[] {
  return readdirSync(tree).flatMap((file) => /^Pulumi\.([\w-]+)\.yaml$/.exec(file)?.[1] ?? []);
}

/**
 * The committed configuration of a stack.
 *
 * @param filled whether what is its owner's own is filled with placeholders
 */
export function configOf(tree: string, stack: string, filled = true): StackConfig {
  const file = join(tree, `Pulumi.${stack}.yaml`);
  const config = (parse(readFileSync(file, "utf8")) as { config?: Section | null } | null)?.config ?? {};
  const problems: string[] = [];
  const ours = Object.entries(config).map(([key, value]) => {
    return [key, decided(value, key, (path) => problems.push(plainSecret(stack, path)))] as const;
  });
  const committed = Object.fromEntries(
    ours.filter(([key]) => key.startsWith(`${PROJECT}:`)).map(([key, value]) => [key.slice(PROJECT.length + 1), value]),
  );
  const complete = (filled ? merge(placeholders(tree, committed), committed) : committed) as Section;
  const engine = Object.entries(complete).map(([key, value]) => [`${PROJECT}:${key}`, asText(value)] as const);
  const confirmed = (committed.confirmReplacements ?? []) as string[];
  return { engine: Object.fromEntries(engine), confirmed: Array.isArray(confirmed) ? confirmed : [], problems };
}

const plainSecret = (stack: string, path: string) =>
  `Pulumi.${stack}.yaml holds ${path} in plain text. Take it back, give out a new one, and write it by: pulumi config set --secret --path '${path}' --stack ${stack}`;

/** An encrypted value becomes a placeholder that differs where the ciphertext does; no passphrase is needed. */
function decided(value: Json, path: string, plain: (path: string) => void): Json {
  if (Array.isArray(value)) return value.map((inner, index) => decided(inner, `${path}[${index}]`, plain));
  if (typeof value !== "object" || value === null) {
    if (typeof value === "string" && SECRET_KEYS.includes(path.split(/[.:]/).at(-1) ?? "")) plain(path);
    return value;
  }
  if (typeof value.secure === "string") return `placeholder-${hash(value.secure)}`;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key, decided(inner, `${path}.${key}`, plain)]),
  );
}

function placeholders(tree: string, committed: Section): Json {
  const layers = Array.isArray(committed.layers) ? committed.layers : [];
  const app = (committed.app ?? {}) as Section;
  const wanted = [
    "common.yaml",
    ...(layers.includes("data") ? ["layer-data.yaml"] : []),
    ...(app.doubles === false ? ["without-doubles.yaml"] : []),
  ];
  const own = join(tree, "infra/preview/overlays");
  const folder = existsSync(own) ? own : OVERLAYS;
  const read = wanted.map((file) => parse(readFileSync(join(folder, file), "utf8")) as Json);
  return [...read, { images: { pinned: pinned(tree) } }].reduce(merge, {});
}

/** Each image of the catalogue by a digest of what it is built from, so that a changed recipe shows as pods that roll. */
function pinned(tree: string): Section {
  const folder = join(tree, "local/images");
  if (!existsSync(folder)) return {};
  const images = readdirSync(folder).filter((name) => existsSync(join(folder, name, "Dockerfile")));
  return Object.fromEntries(
    images.map((name) => {
      const inputs = [join(folder, name), join(tree, "local/toolchain", name)].flatMap(filesOf).sort();
      const digest = createHash("sha256");
      for (const file of inputs) digest.update(file.slice(tree.length)).update(readFileSync(file));
      return [name, `registry.placeholder.invalid/media/${name}@sha256:${digest.digest("hex")}`];
    }),
  );
}

function filesOf(path: string): string[] {
  const found = statSync(path, { throwIfNoEntry: false });
  if (!found?.isDirectory()) return found ? [path] : [];
  return readdirSync(path).flatMap((name) => filesOf(join(path, name)));
}

/** Objects are merged key by key; anything else is taken from `over` whole. */
export function merge(under: Json, over: Json): Json {
  const isMap = (value: Json): value is Section => typeof value === "object" && value !== null && !Array.isArray(value);
  if (!isMap(under) || !isMap(over)) return over;
  const keys = [...new Set([...Object.keys(under), ...Object.keys(over)])];
  return Object.fromEntries(
    keys.map((key) => [key, key in over ? merge(under[key] ?? null, over[key] ?? null) : (under[key] ?? null)]),
  );
}

const hash = (value: string) => createHash("sha256").update(value).digest("hex").slice(0, 16);
const asText = (value: Json) => (typeof value === "object" ? JSON.stringify(value) : String(value));
