import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { find, giveAway, postgresFolders, quickFolder, unprivileged } from "./programs.ts";

const OPTIONS = ["--username", "postgres", "--auth", "trust", "--no-sync", "--encoding", "UTF8"];

/** Makes `data` the folder of a new PostgreSQL: a copy of one that `initdb`, which takes a second, made once for all. */
export function copyEmptyCluster(data: string): void {
  const initdb = find("initdb", postgresFolders());
  const { mtimeMs, size } = statSync(initdb);
  const key = createHash("sha256")
    .update(JSON.stringify([initdb, mtimeMs, size, OPTIONS]))
    .digest("hex");
  const caches = join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "media-platform", "tests");
  const made = join(caches, `postgres-${key.slice(0, 16)}`);
  if (!existsSync(made)) make(initdb, made);
  copy(made, data);
}

function make(initdb: string, to: string): void {
  const folder = mkdtempSync(join(quickFolder(), "media-initdb-"));
  giveAway(folder);
  const [command, ...args] = unprivileged([initdb, "--pgdata", join(folder, "data"), ...OPTIONS]);
  execFileSync(command as string, args, { stdio: "pipe" });
  mkdirSync(join(to, ".."), { recursive: true });
  copy(join(folder, "data"), `${to}.${process.pid}`);
  rmSync(folder, { recursive: true });
  try {
    renameSync(`${to}.${process.pid}`, to);
  } catch {
    // Another test was quicker.
    rmSync(`${to}.${process.pid}`, { recursive: true });
  }
}

/** With owners and modes: PostgreSQL is particular about them. */
function copy(from: string, to: string): void {
  execFileSync("cp", ["--archive", from, to], { stdio: "pipe" });
}
