import { createHash, randomUUID } from "node:crypto";
import { createReadStream } from "node:fs";
import { lstat, mkdir, readdir, readFile, readlink, rename, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";

/** Sixteen hexadecimal digits: enough to tell builds apart, short enough for a tag. */
export function keyOf(parts: readonly string[]): string {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(`${Buffer.byteLength(part)}:${part}`);
  return hash.digest("hex").slice(0, 16);
}

/**
 * Content hashes of files, remembered by path, size, time and inode: the tools are hundreds of megabytes,
 * and reading them again would cost a second run more than all the rest of it.
 */
export class FileHashes {
  readonly #file: string;
  readonly #known: Map<string, string>;

  private constructor(file: string, known: Map<string, string>) {
    this.#file = file;
    this.#known = known;
  }

  static async load(file: string): Promise<FileHashes> {
    try {
      return new FileHashes(file, new Map(Object.entries(JSON.parse(await readFile(file, "utf8")))));
    } catch {
      // Missing or cut off by a kill: it is only a memory of what can be computed.
      return new FileHashes(file, new Map());
    }
  }

  async save(): Promise<void> {
    await mkdir(dirname(this.#file), { recursive: true });
    // A name of its own: another run may be saving at the same moment.
    const unfinished = `${this.#file}.${randomUUID()}`;
    await writeFile(unfinished, JSON.stringify(Object.fromEntries(this.#known)));
    await rename(unfinished, this.#file);
  }

  async ofFile(path: string): Promise<string> {
    const { size, mtimeMs, ino } = await stat(path);
    const identity = `${path} ${size} ${mtimeMs} ${ino}`;
    const known = this.#known.get(identity);
    if (known) return known;
    const hash = createHash("sha256");
    await pipeline(createReadStream(path), hash);
    const digest = hash.digest("hex");
    this.#known.set(identity, digest);
    return digest;
  }

  /** Names, executable bits and contents of everything below a folder, or the one file's. */
  async ofTree(path: string, name = ""): Promise<string[]> {
    const info = await lstat(path);
    if (info.isSymbolicLink()) return [`${name} -> ${await readlink(path)}`];
    if (!info.isDirectory()) return [`${name} ${info.mode & 0o111 ? "x" : "-"} ${await this.ofFile(path)}`];
    const lines: string[] = [];
    for (const child of (await readdir(path)).sort())
      lines.push(...(await this.ofTree(join(path, child), `${name}/${child}`)));
    return lines;
  }
}
