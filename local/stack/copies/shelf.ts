import type { Objects } from "@media/loadtests/objects";
import { UserError } from "../../lib/errors.ts";
import { type Copy, sameContent, seal, unseal } from "./copy.ts";

const FOLDER = "pulumi-state/";
/** The stack's keys cannot delete: a copy over that number takes the place of the oldest. */
const MOST = 30;

/** Sealed copies in the stack's backup store: `pulumi-state/<slot>.jwe`. */
export class Shelf {
  readonly #objects: Pick<Objects, "get" | "list" | "put">;
  readonly #key: Uint8Array;

  constructor(objects: Pick<Objects, "get" | "list" | "put">, key: Uint8Array) {
    this.#objects = objects;
    this.#key = key;
  }

  /** Keeps a copy, where the newest one would not bring back the same. @returns whether it was kept */
  async keep(copy: Copy): Promise<boolean> {
    const all = await this.#newestFirst();
    const [newest] = all;
    // One that does not open is no reason to keep none: its key may be lost.
    const before = newest && (await this.#open(newest.key).catch(() => undefined));
    if (before && sameContent(before, copy)) return false;
    const key = all.length < MOST ? `${FOLDER}${all.length}.jwe` : (all.at(-1)?.key as string);
    await this.#objects.put(key, await seal(copy, this.#key));
    return true;
  }

  /** @throws UserError where there is none, or the newest one does not open */
  async newest(): Promise<Copy> {
    const [newest] = await this.#newestFirst();
    if (!newest)
      throw new UserError(
        "the backup store has no copy of the state",
        "`make up` makes one; look at the store's address",
      );
    return this.#open(newest.key).catch((error: unknown) => {
      throw new UserError(
        `the copy of ${newest.modified} does not open: ${(error as Error).message}`,
        "its key is in the recovery file of the cluster that made it: RECOVERY=file; nothing was changed",
      );
    });
  }

  async #newestFirst() {
    const all = await this.#objects.list(FOLDER);
    return all.sort((a, b) => b.modified.localeCompare(a.modified));
  }

  async #open(key: string): Promise<Copy> {
    return unseal(await this.#objects.get(key), this.#key);
  }
}
