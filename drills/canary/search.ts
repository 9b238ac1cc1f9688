import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CommandError, run } from "../lib/run.ts";
import type { Canary, Needle } from "./needles.ts";
import { needlesOf } from "./needles.ts";

/** A value that was found where it must not be. */
export interface Hit {
  readonly place: string;
  readonly canary: string;
  readonly form: Needle["form"];
  /** How many times. */
  readonly count: number;
}

/** Looks for values, in all their forms, in texts, folders and compressed files. It is closed when it is done: its list of needles is a file. */
export class Search {
  readonly #needles: ReadonlyMap<string, Needle>;
  readonly #folder = mkdtempSync(join(tmpdir(), "media-canary-"));
  readonly #list = join(this.#folder, "needles");

  constructor(canaries: readonly Canary[]) {
    if (canaries.length === 0) throw new Error("there is nothing to look for");
    this.#needles = new Map(needlesOf(canaries).map((needle) => [needle.text, needle]));
    const several = [...this.#needles.keys()].find((text) => text.includes("\n"));
    if (several) throw new Error(`the value of ${this.#needles.get(several)?.canary} has several lines`);
    writeFileSync(this.#list, [...this.#needles.keys()].map((text) => `${text}\n`).join(""), { mode: 0o600 });
  }

  async text(place: string, text: string): Promise<Hit[]> {
    return this.#hits(place, await matches("grep", ["-aohF", "-f", this.#list], text));
  }

  /** All files below a folder, or one file; what is compressed by gzip is looked into. */
  async files(place: string, path: string): Promise<Hit[]> {
    const plain = await matches("grep", ["-raohF", "-f", this.#list, "--", path]);
    const unpacked = await matches("sh", ["-c", UNPACKED, "sh", this.#list, path]);
    return this.#hits(place, [...plain, ...unpacked]);
  }

  close(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #hits(place: string, found: readonly string[]): Hit[] {
    const counts = new Map<string, Hit>();
    for (const text of found) {
      const needle = this.#needles.get(text);
      // grep prints the longest of needles that begin at one place: each is a needle.
      if (!needle) throw new Error(`grep found what was not looked for in ${place}`);
      const key = `${needle.canary} ${needle.form}`;
      const { canary, form } = needle;
      counts.set(key, { place, canary, form, count: (counts.get(key)?.count ?? 0) + 1 });
    }
    return [...counts.values()];
  }
}

/** Files that begin as gzip does, unpacked one after the other. */
const UNPACKED = `
find "$2" -type f -size +20c | while IFS= read -r file; do
  [ "$(head -c 2 "$file" | od -An -tx1)" = " 1f 8b" ] && gzip -dcf "$file" 2>/dev/null
done | grep -aohF -f "$1"`;

/** What grep printed; it ends with 1 where it found nothing. */
async function matches(program: string, args: string[], input?: string): Promise<string[]> {
  try {
    const found = await run(program, args, input === undefined ? {} : { input });
    return found.split("\n").filter(Boolean);
  } catch (error) {
    if (error instanceof CommandError && (error.cause as { code?: unknown }).code === 1) return [];
    throw error;
  }
}

/** One line per value and place; the value itself is not in it. */
export const told = ({ place, canary, form, count }: Hit) => `${place}: ${canary} (${form}), ${count} times`;
