import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { find, giveAway, ownFolder, postgresFolders, quickFolder, unprivileged } from "@media/service/test/programs";

/** A run of a script takes no longer. */
export const SCRIPT_SECONDS = 300;

/**
 * Runs a script of scripts/ as its pod does, with PostgreSQL and pgBackRest of Debian.
 *
 * @param script its name without .py
 * @param before Python that runs first: with it a control makes a check blind, or breaks what is checked
 * @returns the exit status, the result in its last line, and what its scratch folder has afterwards
 */
export function runScript<T>(script: string, args: readonly string[] = [], before = "", env: NodeJS.ProcessEnv = {}) {
  find("pgbackrest");
  const folder = mkdtempSync(join(quickFolder(), "media-recovery-"));
  try {
    giveAway(folder);
    cpSync(join(import.meta.dirname, "scripts"), join(folder, "scripts"), { recursive: true });
    const scratch = ownFolder(folder, "scratch");
    const code = `import sys; sys.argv[0] = "${script}.py"\n${before}\nimport ${script}; sys.exit(${script}.main())`;
    const [program = "", ...rest] = unprivileged(["/usr/bin/python3", "-c", code, ...args], ["--pdeathsig", "KILL"]);
    const done = spawnSync(program, rest, {
      cwd: folder,
      encoding: "utf8",
      timeout: SCRIPT_SECONDS * 1000,
      env: {
        PATH: process.env.PATH,
        HOME: folder,
        PYTHONPATH: join(folder, "scripts"),
        PYTHONDONTWRITEBYTECODE: "1",
        SCRATCH_FOLDER: scratch,
        POSTGRES_BIN: postgresFolders()[0],
        ...env,
      },
    });
    const last = done.stdout.trimEnd().split("\n").at(-1) ?? "";
    if (!last.startsWith("{"))
      throw new Error(`${script} ended without a result: ${done.stdout.slice(-2000)}${done.stderr.slice(-2000)}`);
    return { status: done.status, left: readdirSync(scratch), ...(JSON.parse(last) as T) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
