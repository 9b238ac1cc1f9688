import { copyFileSync, existsSync, mkdirSync, readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { UserError } from "../lib/errors.ts";
import type { Result } from "../results/result.ts";
import { readResult } from "../results/validate.ts";

const NAME = /^[a-z0-9][a-z0-9._-]*$/;

/**
 * Runs that later ones are compared with, as files: `<root>/<stack>/<tool>/<shape>-<level>/<name>/<run>.json`.
 * A name stands for one set of runs of each stack, tool, shape and level.
 */
export class Baselines {
  readonly #root: string;

  constructor(root: string) {
    this.#root = root;
  }

  /** Adds runs to a baseline, by their files. Those that give no verdict on the target are refused. */
  keep(name: string, files: readonly string[]): string {
    checkName(name);
    let folder = "";
    for (const file of files) {
      const result = readResult(file);
      if (result.run.interrupted || result.generatorLimited !== null)
        throw new UserError(`run ${result.run.id} was cut short, or its generator was the limit`, "keep another run");
      folder = this.#folder(name, result);
      mkdirSync(folder, { recursive: true });
      copyFileSync(file, join(folder, basename(file)));
    }
    return folder;
  }

  /** Whether there is a baseline of runs of the same kind as a result. */
  has(name: string, like: Kind): boolean {
    checkName(name);
    return existsSync(this.#folder(name, like));
  }

  /**
   * The runs of a baseline that are of the same kind as a result.
   *
   * @throws UserError where there are none, or one of their files is broken
   */
  runsOf(name: string, like: Kind): readonly Result[] {
    checkName(name);
    const folder = this.#folder(name, like);
    if (!existsSync(folder))
      throw new UserError(
        `there is no baseline "${name}" of stack ${like.run.stack}, ${like.tool.name}, ${like.config.shape} at level ${like.config.level}`,
        `keep runs as one: make load … RUNS=10 KEEP=${name}`,
      );
    return readdirSync(folder)
      .filter((file) => file.endsWith(".json"))
      .sort()
      .map((file) => readResult(join(folder, file)));
  }

  /** What there is: a line a baseline. */
  list(): string[] {
    const folders = (path: string): string[] =>
      existsSync(path)
        ? readdirSync(path, { withFileTypes: true }).flatMap((one) => (one.isDirectory() ? [one.name] : []))
        : [];
    const lines: string[] = [];
    for (const stack of folders(this.#root))
      for (const tool of folders(join(this.#root, stack)))
        for (const shape of folders(join(this.#root, stack, tool)))
          for (const name of folders(join(this.#root, stack, tool, shape))) {
            const runs = readdirSync(join(this.#root, stack, tool, shape, name)).length;
            lines.push(`${name}: stack ${stack}, ${tool}, ${shape}, ${runs} runs`);
          }
    return lines;
  }

  #folder(name: string, { run, tool, config }: Kind): string {
    return join(this.#root, run.stack, tool.name, `${config.shape}-${config.level}`, name);
  }
}

/** What a baseline is of. */
export interface Kind {
  readonly run: Pick<Result["run"], "stack">;
  readonly tool: Pick<Result["tool"], "name">;
  readonly config: Pick<Result["config"], "shape" | "level">;
}

/** @throws UserError where it could not be part of a path */
export function checkName(name: string): void {
  if (!NAME.test(name))
    throw new UserError(
      `"${name}" is no name of a baseline`,
      "take lower-case letters, digits, dots, dashes: KEEP=main",
    );
}
