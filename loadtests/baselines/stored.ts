import { gunzipSync, gzipSync } from "node:zlib";
import { UserError } from "../lib/errors.ts";
import { say } from "../lib/progress.ts";
import type { Result } from "../results/result.ts";
import { flawsOf } from "../results/validate.ts";
import type { Objects, StoredObject } from "./objects.ts";
import { checkName, type Kind } from "./store.ts";

const ROOT = "load-runs";
/** Where every run goes, whether it is of a baseline or not. */
export const EVERY_RUN = "every-run";
/** Newest runs that are kept: a comparison takes no more than 30 of a baseline. */
const MOST = { baseline: 30, everyRun: 100 };
const KEY = /^load-runs\/([^/]+)\/([^/]+)\/([^/]+)\/([^/]+)\/\d+\.json\.gz$/;

/**
 * Runs in the stack's backup store, for all who can read the stack's outputs:
 * `load-runs/<stack>/<shape>-<level>/<tool>/<name>/<slot>.json.gz`. The stack's keys cannot delete, so a name has a number of
 * slots, and a run over that takes the slot of the oldest.
 */
export class StoredRuns {
  readonly #objects: Pick<Objects, "get" | "list" | "put">;

  constructor(objects: Pick<Objects, "get" | "list" | "put">) {
    this.#objects = objects;
  }

  /** @returns the key */
  async keep(name: string, result: Result): Promise<string> {
    checkName(name);
    const folder = folderOf(name, result);
    const most = name === EVERY_RUN ? MOST.everyRun : MOST.baseline;
    const slot = slotFor(await this.#objects.list(folder), folder, most);
    const key = `${folder}${slot}.json.gz`;
    await this.#objects.put(key, gzipSync(JSON.stringify(result)));
    return key;
  }

  /**
   * The runs of a baseline that are of the same kind as a result, the oldest first.
   *
   * @throws UserError where there are none
   */
  async runsOf(name: string, like: Kind): Promise<readonly Result[]> {
    checkName(name);
    const runs = await this.#read(await this.#objects.list(folderOf(name, like)));
    if (runs.length === 0)
      throw new UserError(
        `the backup store has no baseline "${name}" of stack ${like.run.stack}, ${like.tool.name}, ${like.config.shape} at level ${like.config.level}`,
        `keep runs as one: make load … RUNS=10 KEEP=${name}`,
      );
    return runs;
  }

  /** Every run of a stack that is there, the oldest first. */
  async everyRun(stack: string): Promise<readonly Result[]> {
    const all = await this.#objects.list(`${ROOT}/${stack}/`);
    return this.#read(all.filter(({ key }) => KEY.exec(key)?.[4] === EVERY_RUN));
  }

  /** What baselines of a stack there are: a line each. */
  async list(stack: string): Promise<string[]> {
    const counts = new Map<string, number>();
    for (const { key } of await this.#objects.list(`${ROOT}/${stack}/`)) {
      const [, of, shape, tool, name] = KEY.exec(key) ?? [];
      if (name === undefined || name === EVERY_RUN) continue;
      const line = `${name}: stack ${of}, ${tool}, ${shape}`;
      counts.set(line, (counts.get(line) ?? 0) + 1);
    }
    return [...counts].map(([line, runs]) => `${line}, ${runs} runs`).sort();
  }

  /** What is cut off or no result is named and left out; a run that is there twice counts once. */
  async #read(objects: readonly StoredObject[]): Promise<Result[]> {
    const runs = new Map<string, Result>();
    for (const { key } of objects.filter((one) => KEY.test(one.key))) {
      try {
        const result = JSON.parse(gunzipSync(await this.#objects.get(key)).toString());
        const [flaw] = flawsOf(result);
        if (flaw) throw new Error(flaw);
        runs.set(result.run.id, result);
      } catch (error) {
        say(`left out: ${key} of the backup store is not a whole result: ${(error as Error).message}`);
      }
    }
    return [...runs.values()].sort((a, b) => a.run.startedAt.localeCompare(b.run.startedAt));
  }
}

const folderOf = (name: string, { run, tool, config }: Kind) =>
  `${ROOT}/${run.stack}/${config.shape}-${config.level}/${tool.name}/${name}/`;

/** The first slot that is free, or the one that was written longest ago. */
export function slotFor(objects: readonly StoredObject[], folder: string, most: number): number {
  const taken = new Map(objects.map(({ key, modified }) => [key, modified]));
  const slots = Array.from({ length: most }, (_, slot) => [slot, taken.get(`${folder}${slot}.json.gz`) ?? ""] as const);
  return slots.reduce((oldest, one) => (one[1] < oldest[1] ? one : oldest))[0];
}
