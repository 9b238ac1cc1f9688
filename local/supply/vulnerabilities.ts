import { existsSync } from "node:fs";
import { readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { parse } from "yaml";
import { z } from "zod";
import { CACHE, LOGS } from "../lib/paths.ts";
import { run } from "../lib/run.ts";
import { GO_ENV } from "../toolchain/build.ts";
import { type Answer, answerSchema, type Known, knownOf } from "./vulnerabilities.plan.ts";

const ANSWERS = join(import.meta.dirname, "answers.yaml");
const MODULE = join(import.meta.dirname, "../toolchain/govulncheck");
const DATABASE = "golang.org/x/vulndb";

/** The written answers; an error names what is wrong in the file. */
export async function readAnswers(file = ANSWERS): Promise<Answer[]> {
  const read = z.array(answerSchema).safeParse(parse(await readFile(file, "utf8")));
  if (read.success) return read.data;
  throw new Error(`${file}: ${z.prettifyError(read.error)}`);
}

export interface Database {
  /** Version of the module that it was made of. */
  readonly version: string;
  readonly folder: string;
}

/**
 * Go's vulnerability database as files, from the module that holds its sources, of the version that go.mod pins.
 *
 * @param indexdb path of the program that makes them
 */
export async function database(indexdb: string, report: (line: string) => void): Promise<Database> {
  const { stdout } = await execa("go", ["mod", "download", "-json", DATABASE], { cwd: MODULE, env: GO_ENV });
  const { Dir, Version: version } = JSON.parse(stdout) as { Dir: string; Version: string };
  const folder = join(CACHE, "vulnerabilities", version);
  if (!existsSync(folder)) {
    await rm(`${folder}.new`, { recursive: true, force: true });
    const step = {
      subject: "Go's vulnerability database",
      doing: "indexing",
      command: [indexdb, "-vulns", join(Dir, "data/osv"), "-out", `${folder}.new`] as [string, ...string[]],
      log: join(LOGS, "tools", "vulnerabilities.log"),
      remedy: "read the log; with the disk at fault, make room and run the same again",
    };
    await run(step, report);
    await rename(`${folder}.new`, folder);
  }
  return { version, folder };
}

/**
 * The known vulnerabilities of a Go program, by the packages that are linked into it. No network is used.
 *
 * @param govulncheck path of the checker
 * @throws Error where the program cannot be read
 */
export async function knownIn(
  program: string,
  path: string,
  govulncheck: string,
  { folder }: Database,
): Promise<Known[]> {
  const args = ["-mode", "binary", "-format", "json", "-db", `file://${folder}`, path];
  const { stdout } = await execa(govulncheck, args, { maxBuffer: 1 << 28 });
  return knownOf(program, stdout);
}
