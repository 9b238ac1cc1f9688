import { createHash } from "node:crypto";
import { createReadStream, existsSync, lstatSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { pipeline } from "node:stream/promises";
import dockerignoreModule from "@balena/dockerignore";

// The package is CommonJS and exports the function itself; its types speak of a default export.
const dockerignore = dockerignoreModule as unknown as typeof dockerignoreModule.default;

/**
 * A digest of everything that a build can read: the Dockerfile, and each file of the context that .dockerignore leaves in, with
 * its path, its executable bit and its content. Times and owners are left out: a fresh clone has the same digest.
 */
export async function contextDigest(context: string, dockerfile: string): Promise<string> {
  const root = resolve(context);
  const file = resolve(dockerfile);
  if (!existsSync(root) || !lstatSync(root).isDirectory()) throw new Error(`build.context: ${root} is not a folder`);
  if (!existsSync(file)) throw new Error(`build.dockerfile: ${file} does not exist`);
  const digest = createHash("sha256");
  digest.update(`dockerfile\0${await fileDigest(file)}\0`);
  for (const path of listContext(root, readIgnore(root)))
    digest.update(`${path}\0${await entryDigest(join(root, path))}\0`);
  return digest.digest("hex");
}

/** The lines of .dockerignore. The daemon needs the Dockerfile whatever they say, and it is hashed apart from them. */
function readIgnore(root: string): string[] {
  const file = join(root, ".dockerignore");
  return existsSync(file) ? readFileSync(file, "utf8").split(/\r?\n/) : [];
}

/** Files and links of a context, sorted, relative to its root. */
export function listContext(root: string, patterns: string[]): string[] {
  const matcher = dockerignore().add(patterns);
  const exceptions = patterns.map((line) => line.trim()).filter((line) => line.startsWith("!"));
  const found: string[] = [];
  const walk = (folder: string) => {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name);
      const name = relative(root, path);
      const ignored = matcher.ignores(name);
      if (entry.isDirectory()) {
        // Going into an ignored node_modules would cost seconds, and only an exception can make it worth while.
        if (!ignored || exceptions.some((line) => mayMatchBelow(line.slice(1), name))) walk(path);
      } else if (!ignored && (entry.isFile() || entry.isSymbolicLink())) found.push(name);
    }
  };
  walk(root);
  return found.sort();
}

/** Whether a pattern could match the folder or something in it. */
export function mayMatchBelow(pattern: string, folder: string): boolean {
  const steps = pattern.replace(/^\/+|\/+$/g, "").split("/");
  const names = folder.split("/");
  for (let i = 0; i < Math.min(steps.length, names.length); i++) {
    if (steps[i] === "**") return true;
    if (!/[*?[\\]/.test(steps[i] ?? "") && steps[i] !== names[i]) return false;
  }
  return true;
}

async function entryDigest(path: string): Promise<string> {
  const stat = lstatSync(path);
  if (stat.isSymbolicLink()) return `link ${readlinkSync(path)}`;
  return `${stat.mode & 0o111 ? "x" : "-"} ${await fileDigest(path)}`;
}

async function fileDigest(path: string): Promise<string> {
  const digest = createHash("sha256");
  await pipeline(createReadStream(path), digest);
  return digest.digest("hex");
}
