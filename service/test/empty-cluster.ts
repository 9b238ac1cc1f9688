import { execFileSync } from "node:child_process";
import { appendFileSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { madeOnce } from "./made-once.ts";
import { find, giveAway, postgresFolders, quickFolder, unprivileged } from "./programs.ts";

const OPTIONS = ["--username", "postgres", "--auth", "trust", "--no-sync", "--encoding", "UTF8"];
/** Shared memory lies in the data's folder and goes with it: a server that is killed leaves what it had in /dev/shm. */
const SETTINGS = "dynamic_shared_memory_type = mmap\n";

/** Makes `data` the folder of a new PostgreSQL: a copy of one that `initdb`, which takes a second, made once for all. */
export async function copyEmptyCluster(data: string): Promise<void> {
  const initdb = find("initdb", postgresFolders());
  const { mtimeMs, size } = statSync(initdb);
  const key = JSON.stringify([initdb, mtimeMs, size, OPTIONS, SETTINGS]);
  copy(await madeOnce("postgres", key, (to) => make(initdb, to)), data);
}

/** First where the server's user may write. */
function make(initdb: string, to: string): void {
  const folder = mkdtempSync(join(quickFolder(), "media-initdb-"));
  giveAway(folder);
  try {
    const [command, ...args] = unprivileged([initdb, "--pgdata", join(folder, "data"), ...OPTIONS]);
    execFileSync(command as string, args, { stdio: "pipe" });
    appendFileSync(join(folder, "data", "postgresql.conf"), SETTINGS);
    copy(join(folder, "data"), to);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** With owners and modes: PostgreSQL is particular about them. */
function copy(from: string, to: string): void {
  execFileSync("cp", ["--archive", from, to], { stdio: "pipe" });
}
