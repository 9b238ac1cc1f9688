import { createHash } from "node:crypto";
import { createWriteStream } from "node:fs";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Readable, Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { execa } from "execa";
import { imageError } from "../images/errors.ts";
import { MANIFEST } from "../images/registry.ts";

interface Manifest {
  readonly layers: readonly { readonly digest: string }[];
}

const HEX = /^sha256:[0-9a-f]{64}$/;

/**
 * Fetches the layers of an image, lowest first, each as a file of its own in `folder`.
 *
 * @param reference `registry/name@sha256:…`, of a registry that speaks HTTP
 */
export async function fetchLayers(reference: string, folder: string): Promise<readonly string[]> {
  const [, registry = "", name = "", digest = ""] = /^([^/]+)\/(.+)@(sha256:[0-9a-f]{64})$/.exec(reference) ?? [];
  if (!registry) throw imageError(reference, "is not named by its digest", "take the reference that make up pins");
  const get = async (what: string) => {
    const answer = await fetch(`http://${registry}/v2/${name}/${what}`, { headers: { accept: MANIFEST } });
    if (!answer.ok || !answer.body)
      throw imageError(name, `the registry answered ${answer.status} for ${what}`, "make up");
    return answer;
  };
  await mkdir(folder, { recursive: true });
  const { layers } = (await (await get(`manifests/${digest}`)).json()) as Manifest;
  const files: string[] = [];
  for (const layer of layers) {
    const file = join(folder, `layer-${files.length}.tar.gz`);
    const { body } = await get(`blobs/${layer.digest}`);
    await keep(Readable.fromWeb(body as never), file, layer.digest);
    files.push(file);
  }
  return files;
}

/**
 * Lays out files of an image below `folder`, as its layers have them one over the other. What a layer removes stays.
 *
 * @param wanted whether a path, without a leading slash, is laid out
 * @returns the paths of the regular files, sorted
 */
export async function layOut(
  reference: string,
  folder: string,
  wanted: (path: string) => boolean,
): Promise<readonly string[]> {
  const found = new Set<string>();
  for (const archive of await fetchLayers(reference, folder)) {
    for (const path of await unpack(archive, folder, wanted)) found.add(path);
    await rm(archive);
  }
  return [...found].sort();
}

/** Writes a blob to a file, and refuses one of another digest. */
async function keep(blob: Readable, file: string, digest: string): Promise<void> {
  const hash = createHash("sha256");
  const count = new Transform({
    transform(chunk, _encoding, done) {
      hash.update(chunk);
      done(null, chunk);
    },
  });
  await pipeline(blob, count, createWriteStream(file));
  const is = `sha256:${hash.digest("hex")}`;
  if (!HEX.test(digest) || is !== digest) throw new Error(`a layer has the digest ${is}, and is named ${digest}`);
}

async function unpack(archive: string, folder: string, wanted: (path: string) => boolean): Promise<string[]> {
  const { stdout } = await execa("tar", ["-tzvf", archive, "--quoting-style=literal"], { env: { LC_ALL: "C" } });
  // Regular files alone: mode, owner, size, day, time, path.
  const paths = stdout.split("\n").flatMap((line) => /^-\S+ +\S+ +\d+ +\S+ +\S+ (.+)$/.exec(line)?.[1] ?? []);
  const chosen = paths.filter((path) => wanted(path.replace(/^\.\//, "")));
  if (chosen.length === 0) return [];
  const list = join(folder, ".wanted");
  await writeFile(list, chosen.map((path) => `${path}\0`).join(""));
  await execa("tar", ["-xzf", archive, "-C", folder, "--null", "--verbatim-files-from", "-T", list, "--no-same-owner"]);
  await rm(list);
  return chosen.map((path) => path.replace(/^\.\//, ""));
}
