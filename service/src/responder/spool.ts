import { randomUUID } from "node:crypto";
import { mkdir, open, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { Problem } from "../errors/problem.ts";

export interface SpoolLimits {
  /** @default 500 */
  files?: number;
  /** @default 16 MiB */
  bytes?: number;
}

/** Notifications that wait on disk while the database is away, oldest first. Bounded: what does not fit is refused. */
export interface Spool {
  /** On disk when it resolves. @throws Problem `database-unavailable` when it is full */
  keep(bytes: Buffer): Promise<void>;
  count(): Promise<number>;
  /** Since when the oldest waits; undefined: none does. */
  oldest(): Promise<Date | undefined>;
  /**
   * Hands each to `take`, oldest first, and forgets it. Where `take` throws, all stay, unless `isPoison` says that it will
   * never be taken: that one is put aside as `.refused`.
   */
  replay(take: (bytes: Buffer) => Promise<unknown>, isPoison: (error: unknown) => boolean): Promise<number>;
}

const NAME = /^(\d+)-[\w-]+\.json$/;

export async function openSpool(folder: string, { files = 500, bytes = 16_777_216 }: SpoolLimits = {}): Promise<Spool> {
  await mkdir(folder, { recursive: true });
  const names = async () => (await readdir(folder)).filter((name) => NAME.test(name)).sort();
  const sizes = async () => {
    const found = await Promise.all((await names()).map((name) => stat(join(folder, name)).catch(() => undefined)));
    return found.reduce((sum, file) => sum + (file?.size ?? 0), 0);
  };
  let keeping = Promise.resolve();
  const write = async (content: Buffer) => {
    if ((await names()).length >= files || (await sizes()) + content.length > bytes)
      throw new Problem("database-unavailable", { detail: "The spool is full.", headers: { "Retry-After": "10" } });
    // The name sorts by time; a file of that name is whole.
    const name = `${String(Date.now()).padStart(15, "0")}-${randomUUID()}`;
    const file = await open(join(folder, `${name}.part`), "w", 0o600);
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(join(folder, `${name}.part`), join(folder, `${name}.json`));
  };
  return {
    keep(content) {
      // One after the other, so that the bound is one.
      const kept = keeping.then(() => write(content));
      keeping = kept.catch(() => {});
      return kept;
    },
    count: async () => (await names()).length,
    async oldest() {
      const [first] = await names();
      return first === undefined ? undefined : new Date(Number(NAME.exec(first)?.[1]));
    },
    async replay(take, isPoison) {
      let done = 0;
      for (const name of await names()) {
        const path = join(folder, name);
        try {
          await take(await readFile(path));
          await rm(path);
          done += 1;
        } catch (error) {
          if (!isPoison(error)) throw error;
          await rename(path, `${path}.refused`);
        }
      }
      return done;
    },
  };
}
