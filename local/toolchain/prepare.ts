import { execFile } from "node:child_process";
import { cp, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { UserError } from "../lib/errors.ts";
import type { Tool } from "./catalogue.ts";

/** A Go module that is changed before a tool is built from it. */
export interface Patch {
  /** Path, version and checksum of the module, as go.sum would hold them: a `replace` by a folder leaves them out there. */
  readonly path: string;
  readonly version: string;
  readonly sum: string;
  /** Files that the tool embeds, copied beside its main.go: name here, path in the module. */
  readonly embed: Readonly<Record<string, string>>;
  /** Embedded JSON file whose field `version` is set, and the value. */
  readonly versionOf: readonly [file: string, version: string];
}

/** Files of a tool that take the place of the module's own; Go does not look into a folder with this first letter. */
const OVER = "_patch";
/** Folder of the changed copy, to which the `replace` in the tool's go.mod points. */
const COPY = "patched";

/**
 * Lays out what a tool with a patch is built from, in a new folder: the tool's own files, and a copy of the module with
 * the tool's files over it. Go refuses an overlay beneath its module cache, so a copy is needed.
 *
 * @throws UserError where the module cannot be downloaded or is not the one that was pinned
 */
export async function prepare(tool: Tool, patch: Patch, sources: string, target: string, goEnv: NodeJS.ProcessEnv) {
  await rm(target, { recursive: true, force: true });
  await mkdir(target, { recursive: true });
  const module = await download(tool, patch, target, goEnv);
  await cp(sources, target, { recursive: true });
  await cp(module, join(target, COPY), { recursive: true });
  await cp(join(sources, OVER), join(target, COPY), { recursive: true, force: true });
  for (const [name, path] of Object.entries(patch.embed)) await cp(join(module, path), join(target, name));
  const [file, version] = patch.versionOf;
  await writeFile(
    join(target, file),
    withVersion(await readFile(join(module, patch.embed[file] ?? file), "utf8"), version),
  );
}

/** A JSON document with its field `version` set. */
export const withVersion = (json: string, version: string) => JSON.stringify({ ...JSON.parse(json), version });

interface Downloaded {
  readonly Dir?: string;
  readonly Sum?: string;
  readonly Error?: string;
}

async function download(tool: Tool, { path, version, sum }: Patch, cwd: string, env: NodeJS.ProcessEnv) {
  const args = ["mod", "download", "-json", `${path}@${version}`];
  const done = await promisify(execFile)("go", args, { cwd, env: { ...process.env, ...env } }).catch(
    (error: { stdout?: string; message: string }) => ({
      stdout: error.stdout || JSON.stringify({ Error: error.message }),
    }),
  );
  const found = JSON.parse(done.stdout) as Downloaded;
  if (!found.Dir) {
    const remedy = "with the network at fault, run the same command again: it goes on where it stopped";
    throw new UserError(`tool ${tool.name}: downloading ${path} failed: ${found.Error}`, remedy);
  }
  if (found.Sum !== sum) {
    const problem = `tool ${tool.name}: ${path}@${version} has the checksum ${found.Sum}, pinned is ${sum}`;
    throw new UserError(problem, "find out why the module proxy serves something else before you build it");
  }
  return found.Dir;
}
