import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { readBeside } from "../../lib/files.ts";

/** What a new cluster begins from, and when it refuses to: the script itself, with programs in place of the store. */

const SCRIPTS = ["bootstrap.sh", "replica-from-store.sh", "stores.sh", "fetch-wal.sh", "pgbackrest-push.sh"];
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "media-bootstrap-"));
  for (const name of SCRIPTS) program(join("scripts", name), readBeside(import.meta.url, name));
  program("scripts/store.py", readBeside(import.meta.url, "watcher/store.py"));
  // Says what it was asked; answers from files named after the store and the question, where there is none with an error.
  program(
    "bin/pgbackrest",
    `#!/bin/bash
store=own command=""
for argument in "$@"; do
  case "$argument" in
    --config=*source*) store=source ;;
    info | restore | repo-ls | archive-get | archive-push) command="$argument" ;;
  esac
done
echo "$store $command" >> ${folder}/asked
answer="${folder}/$store-$command"
[ -e "$answer" ] || exit 25
cat "$answer"
[ ! -e "$answer.status" ] || exit "$(cat "$answer.status")"
`,
  );
  program("bin/curl", `#!/bin/bash\n[ ! -e "${folder}/away" ] || ! grep -qF "\${!#}" "${folder}/away"\n`);
  program("bin/initdb", `#!/bin/bash\necho "own initdb" >> ${folder}/asked\n`);
  answer("own-restore", "");
  answer("source-restore", "");
});
afterEach(() => rmSync(folder, { recursive: true }));

function program(name: string, text: string): void {
  const file = join(folder, name);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(
    file,
    text.replaceAll("/opt/scripts", join(folder, "scripts")).replaceAll("/var/run/postgresql", folder),
  );
  chmodSync(file, 0o755);
}

const answer = (name: string, text: string) => writeFileSync(join(folder, name), text);
const info = (code: number, more = {}) => JSON.stringify([{ name: "main", status: { code }, ...more }]);

function run(script: string, args: string[], env: Record<string, string> = {}) {
  const { status, stdout, stderr } = spawnSync(join(folder, "scripts", script), args, {
    cwd: folder,
    encoding: "utf8",
    env: { PATH: `${join(folder, "bin")}:${process.env.PATH}`, BACKUP_ENDPOINT: "https://own", ...env },
  });
  const asked = existsSync(join(folder, "asked")) ? readFileSync(join(folder, "asked"), "utf8").trim().split("\n") : [];
  return { status, said: stdout + stderr, asked };
}
const bootstrap = (env = {}) => run("bootstrap.sh", ["--scope=postgres", `--datadir=${join(folder, "data")}`], env);
const SOURCE = { RESTORE_ENDPOINT: "https://source" };

test("a store with a backup: it is restored, whatever else there is to restore from", () => {
  answer("own-info", info(0));
  expect(bootstrap(SOURCE)).toMatchObject({ status: 0, asked: ["own info", "own restore"] });
});

test("a new store: empty; a store that does not answer: not empty", () => {
  answer("own-info", "[]");
  answer("own-repo-ls", "{}");
  expect(bootstrap()).toMatchObject({ status: 0, asked: ["own info", "own repo-ls", "own initdb"] });
  answer("away", "https://own/\n");
  expect(bootstrap()).toMatchObject({ status: 1, said: expect.stringContaining("does not answer") });
});

test("backups whose list is missing: refused, with what to do; one that was cut off is none", () => {
  answer("own-info", info(3));
  answer("own-repo-ls", JSON.stringify({ "20260101-000000F/backup.manifest.copy": {} }));
  expect(bootstrap().asked.at(-1)).toBe("own initdb");
  answer("own-repo-ls", JSON.stringify({ "20260101-000000F/backup.manifest": {} }));
  for (const code of [2, 3]) {
    answer("own-info", info(code));
    const { status, said, asked } = bootstrap(SOURCE);
    expect(status).toBe(1);
    expect(said).toContain("backup.info is missing");
    expect(asked.at(-1)).toBe("own repo-ls");
  }
});

test("a list that cannot be had is not an empty one", () => {
  answer("own-info", info(3));
  expect(bootstrap()).toMatchObject({ status: 1, said: expect.stringContaining("cannot be listed") });
});

test("another stack's store, where the own has nothing: restored from there, by its own configuration", () => {
  answer("own-info", info(1));
  answer("own-repo-ls", "{}");
  answer("source-info", info(0));
  expect(bootstrap(SOURCE)).toMatchObject({ status: 0, asked: expect.arrayContaining(["source restore"]) });
});

test("another stack's store without a backup, or away: refused, never empty", () => {
  answer("own-info", info(1));
  answer("own-repo-ls", "{}");
  answer("source-info", info(2));
  expect(bootstrap(SOURCE)).toMatchObject({ status: 1, said: expect.stringContaining("no usable backup") });
  answer("away", "https://source/\n");
  const { status, said, asked } = bootstrap(SOURCE);
  expect([status, said]).toEqual([1, expect.stringContaining("does not answer")]);
  expect(asked).not.toContain("own initdb");
});

test("a standby without a primary comes from the store; beside one only where that is less work", () => {
  const segment = (last: string) => `0000000100000000000000${last}`;
  const backup = { archive: { stop: segment("10") }, info: { size: 2 ** 25 }, timestamp: { stop: 1 } };
  const standby = (connection: string) =>
    run("replica-from-store.sh", [`--datadir=${join(folder, "data")}`, `--connstring=${connection}`]);
  answer("own-info", info(0, { backup: [backup], archive: [{ max: segment("FF") }] }));
  expect(standby("host=primary")).toMatchObject({ status: 1, said: expect.stringContaining("less work") });
  expect(standby("").asked.at(-1)).toBe("own restore");
  answer("own-info", info(0, { backup: [backup], archive: [{ max: segment("11") }] }));
  expect(standby("host=primary")).toMatchObject({ status: 0 });
});

test("a standby that streams, or whose store is away, asks it nothing and waits for nothing", () => {
  const fetch = () => run("fetch-wal.sh", ["standby", "000000010000000000000001", "target"]);
  answer("own-archive-get", "");
  expect(fetch()).toMatchObject({ status: 0, asked: ["own archive-get"] });
  answer("streams", "");
  expect(fetch()).toMatchObject({ status: 1, asked: ["own archive-get"] });
  execFileSync("rm", [join(folder, "streams")]);
  answer("away", "https://own/\n");
  expect(fetch()).toMatchObject({ status: 1, asked: ["own archive-get"] });
});

test("WAL that was dropped leaves its mark, once; what is handed over, or fails, leaves none", () => {
  const push = () => run("pgbackrest-push.sh", ["pg_wal/000000010000000000000001"]);
  const mark = () => existsSync(join(folder, "wal-dropped"));
  answer("own-archive-push", "");
  expect([push().status, mark()]).toEqual([0, false]);
  answer("own-archive-push.status", "82");
  expect([push().status, mark()]).toEqual([82, false]);
  answer("own-archive-push.status", "0");
  answer(
    "own-archive-push",
    "P00   WARN: dropped WAL file '000000010000000000000001' because archive queue exceeded 2GB",
  );
  const { status, said } = push();
  expect([status, mark()]).toEqual([0, true]);
  expect(said).toContain("POINT-IN-TIME RECOVERY ENDS");
  const first = readFileSync(join(folder, "wal-dropped"), "utf8");
  push();
  expect(readFileSync(join(folder, "wal-dropped"), "utf8")).toBe(first);
});
