import { isMap, namesOf } from "./differences.plan.ts";
import { pairsOf } from "./pairs.plan.ts";
import type { Rendered } from "./types.ts";

/** What `pulumi stack export` writes, as far as it is read here. */
export interface StackExport {
  deployment?: { manifest?: { time?: string }; resources?: StateResource[] };
}

interface StateResource {
  urn: string;
  type: string;
  /** False for components, which hold nothing of their own. */
  custom: boolean;
  /** It waits for its deletion: another one has its place. */
  delete?: boolean;
  /** It is read, not made, by the program. */
  external?: boolean;
  protect?: boolean;
  inputs?: Record<string, unknown>;
}

/** How the engine marks a value with a meaning of its own; the second one says that it is a secret. */
const SIGNATURE = "4dabf18193072939515e22adb298388d";
const SECRET = "1b47061264138c4ac30d75fd1eb44270";
const IMAGE = "docker:index/image:Image";
/** What stands for the owner's own in a rendering. */
const OWNED = /[^\s"',;=]*(?:placeholder|<checkout>)[^\s"',;=]*/g;
/** "250m", "5Gi", "5120Mi": the plugin writes them in their shortest form. */
const QUANTITY = /^(\d+(?:\.\d+)?)(m|[KMGT]i|[kMGT])$/;
const FACTORS: Readonly<Record<string, number>> = {
  ...{ m: 1e-3, k: 1e3, M: 1e6, G: 1e9, T: 1e12 },
  ...{ Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30, Ti: 2 ** 40 },
};

/** Providers are the engine's own business: a rendering knows only those that the program names. */
export const isCompared = ({ type }: { type: string }): boolean => !type.startsWith("pulumi:");

/** The resources of a state, as a rendering gives them. Secrets stay encrypted: only where they are is read. */
export function resourcesOf({ deployment }: StackExport): Rendered[] {
  return (deployment?.resources ?? [])
    .filter((resource) => resource.custom && !resource.delete && !resource.external && isCompared(resource))
    .map(({ urn, type, protect = false, inputs = {} }) => {
      const secretPaths: string[] = [];
      const plain = plainOf(inputs, "", secretPaths) as Record<string, unknown>;
      return { type, name: urn.split("::").at(-1) ?? urn, inputs: plain, protect, secretPaths: secretPaths.sort() };
    });
}

function plainOf(value: unknown, path: string, secrets: string[]): unknown {
  if (Array.isArray(value)) return value.map((inner, index) => plainOf(inner, `${path}[${index}]`, secrets));
  if (!isMap(value)) return value;
  if (value[SIGNATURE] === SECRET) {
    secrets.push(path);
    return "(secret)";
  }
  return Object.fromEntries(
    Object.entries(value)
      // Notes of the plugin to itself.
      .filter(([key]) => !key.startsWith("__"))
      .map(([key, inner]) => [key, plainOf(inner, path ? `${path}.${key}` : key, secrets)]),
  );
}

/**
 * The state with what a rendering cannot know taken from the rendering: secrets, the owner's values where the rendering has
 * placeholders, generated values and what is made of them, the names that the engine made for contents that are the same, and
 * how the plugin writes what means the same. What then differs is a change.
 *
 * @param twin the rendering with other generated values
 */
export function comparable(
  state: readonly Rendered[],
  rendering: readonly Rendered[],
  twin: readonly Rendered[] = rendering,
): Rendered[] {
  const pairs = pairsOf(state, rendering);
  const images = new Map(
    pairs.flatMap(({ before, after }) => {
      if (before?.type !== IMAGE || !after) return [];
      const [was, is] = [tailOf(before), tailOf(after)];
      return [[is.split(":")[0] ?? is, was !== is] as const];
    }),
  );
  const twins = new Map(pairsOf(rendering, twin).map(({ before, after }) => [before, after]));
  const made = new Set(rendering.flatMap(({ inputs }) => contentsOf(inputs)?.name ?? []));
  const renamed = new Map<string, string>();
  const settled = pairs.flatMap(({ before, after }) => {
    if (!before) return [];
    if (!after) return [before];
    const secrets = new Set([...before.secretPaths, ...after.secretPaths]);
    const unknown = { secrets, images, made, isImage: before.type === IMAGE };
    const inputs = settle(before.inputs, after.inputs, twins.get(after)?.inputs, unknown, "");
    const [was, is] = [inputs, after.inputs].map(contentsOf);
    if (was && is && was.name !== is.name && was.contents === is.contents) renamed.set(was.name, is.name);
    return [{ ...before, inputs: inputs as Record<string, unknown> }];
  });
  return settled.map((resource) => ({ ...resource, inputs: rename(resource.inputs, renamed) as Rendered["inputs"] }));
}

/** "service:1a2b3c": the image and its tag, without the registry, which is the owner's. */
const tailOf = ({ inputs }: Rendered) => String(inputs.imageName).replace(/^.*\//, "");

/** The name that the engine gave an object, and the rest of it. */
function contentsOf(inputs: unknown): { name: string; contents: string } | undefined {
  const { metadata, ...rest } = inputs as { metadata?: { name?: string; annotations?: Record<string, string> } };
  if (metadata?.annotations?.["pulumi.com/autonamed"] !== "true" || !metadata.name) return undefined;
  const { name, ...others } = metadata;
  return { name, contents: sorted([others, rest]) };
}

const sorted = (value: unknown) =>
  JSON.stringify(value, (_, inner) =>
    isMap(inner) ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1))) : inner,
  );

interface Unknown {
  secrets: ReadonlySet<string>;
  /** Images that the program builds, and whether their inputs have changed. */
  images: ReadonlyMap<string, boolean>;
  /** Names in the rendering that the engine would make. */
  made: ReadonlySet<string>;
  /** The resource is such an image itself. */
  isImage: boolean;
}

function settle(before: unknown, after: unknown, twin: unknown, unknown: Unknown, path: string): unknown {
  // The plugin leaves out what is empty, and notes more of an image than the program says.
  if (before === undefined) return isEmpty(after) ? after : before;
  if (after === undefined) return unknown.isImage ? after : before;
  if (unknown.secrets.has(path)) return after;
  if (typeof before === "string" && typeof after === "string") {
    const isGenerated = twin !== undefined && twin !== after && !unknown.made.has(after);
    return isGenerated ? after : text(before, after, unknown);
  }
  if (Array.isArray(before) && Array.isArray(after)) {
    const others = Array.isArray(twin) ? twin : [];
    const [olds, news] = [namesOf(before), namesOf(after)];
    return before.map((one, index) => {
      const at = olds && news ? news.indexOf(olds[index] as string) : index;
      return settle(one, after[at], others[at], unknown, `${path}[${at}]`);
    });
  }
  if (!isMap(before) || !isMap(after)) return before;
  const others = isMap(twin) ? twin : {};
  const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  const entries = keys.map(
    (key) => [key, settle(before[key], after[key], others[key], unknown, path ? `${path}.${key}` : key)] as const,
  );
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
}

const isEmpty = (value: unknown) =>
  [false, "", 0].includes(value as string) ||
  (typeof value === "object" && value !== null && Object.keys(value).length === 0);

/** The rendering's text, where the state's is the same but for what the rendering cannot know. */
function text(before: string, after: string, { images, isImage }: Unknown): string {
  if (before === after) return after;
  // The digest of an image is known only when it is built.
  const isChanged = images.get(/\/([\w-]+)@sha256:[0-9a-f]+$/.exec(after)?.[1] ?? "");
  if (isChanged !== undefined) return isChanged ? before : after;
  if (isImage && before.split("/").at(-1) === after.split("/").at(-1)) return after;
  if (quantityOf(before) !== undefined && quantityOf(before) === quantityOf(after)) return after;
  return fits(before, after.split(OWNED)) ? after : before;
}

function quantityOf(value: string): number | undefined {
  const [, number, unit = ""] = QUANTITY.exec(value) ?? [];
  return number === undefined ? undefined : Number(number) * (FACTORS[unit] ?? 1);
}

/** Whether a text is made of these parts, with one word of the owner's between two of them. */
function fits(text: string, parts: readonly string[]): boolean {
  let at = 0;
  for (const [index, part] of parts.entries()) {
    const isLast = index === parts.length - 1;
    const found = index === 0 ? 0 : isLast ? text.length - part.length : text.indexOf(part, at);
    if (found < at || !text.startsWith(part, found) || /\s/.test(text.slice(at, found))) return false;
    at = found + part.length;
  }
  return at === text.length;
}

function rename(value: unknown, names: ReadonlyMap<string, string>): unknown {
  if (typeof value === "string") return names.get(value) ?? value;
  if (Array.isArray(value)) return value.map((inner) => rename(inner, names));
  if (!isMap(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, rename(inner, names)]));
}
