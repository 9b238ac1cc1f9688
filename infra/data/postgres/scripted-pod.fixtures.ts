import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { readBeside } from "../../lib/files.ts";

const SCRIPTS = [
  "bootstrap.sh",
  "expirer.sh",
  "replica-from-store.sh",
  "stores.sh",
  "fetch-wal.sh",
  "keeper.sh",
  "pgbackrest-push.sh",
  "watcher/store.py",
];

/** The scripts of PostgreSQL's pods in a folder, with programs in place of the store and of the server. */
export class ScriptedPod {
  readonly folder = mkdtempSync(join(tmpdir(), "media-scripts-"));

  constructor() {
    for (const name of SCRIPTS)
      this.program(join("scripts", name.replace(/.*\//, "")), readBeside(import.meta.url, name));
    // Says what it was asked; answers from files named after the store and the question, where there is none with an error.
    this.program(
      "bin/pgbackrest",
      `#!/bin/bash
store=own command=""
for argument in "$@"; do
  case "$argument" in
    --config=*source*) store=source ;;
    info | restore | repo-ls | repo-rm | archive-get | archive-push | stanza-create | backup | expire) command="$argument" ;;
  esac
done
echo "$store $command" >> ${this.folder}/asked
answer="${this.folder}/$store-$command"
last="\${!#}"
[ ! -e "$answer-\${last##*/}" ] || answer="$answer-\${last##*/}"
[ -e "$answer" ] || exit 25
cat "$answer"
[ ! -e "$answer.status" ] || exit "$(cat "$answer.status")"
`,
    );
    this.program(
      "bin/curl",
      `#!/bin/bash\n[ ! -e "${this.folder}/away" ] || ! grep -qF "\${!#}" "${this.folder}/away"\n`,
    );
    this.program("bin/initdb", `#!/bin/bash\necho "own initdb" >> ${this.folder}/asked\n`);
    this.program("bin/psql", `#!/bin/bash\ncat "${this.folder}/psql"\n`);
  }

  program(name: string, text: string): void {
    const file = join(this.folder, name);
    mkdirSync(dirname(file), { recursive: true });
    const here = text
      .replaceAll("/opt/scripts", join(this.folder, "scripts"))
      .replaceAll("/tmp/pgbackrest-backup-failed", join(this.folder, "pgbackrest-backup-failed"))
      .replaceAll("/var/run/postgresql", this.folder);
    writeFileSync(file, here);
    chmodSync(file, 0o755);
  }

  /** What the store answers, by `<store>-<question>`; `<name>.status` is the exit status. */
  answer(name: string, text: string): void {
    writeFileSync(join(this.folder, name), text);
  }

  run(script: string, args: string[], env: Record<string, string> = {}) {
    const { status, stdout, stderr } = spawnSync(join(this.folder, "scripts", script), args, {
      cwd: this.folder,
      encoding: "utf8",
      env: { PATH: `${join(this.folder, "bin")}:${process.env.PATH}`, BACKUP_ENDPOINT: "https://own", ...env },
    });
    const file = join(this.folder, "asked");
    const asked = existsSync(file) ? readFileSync(file, "utf8").trim().split("\n") : [];
    return { status, said: stdout + stderr, asked };
  }

  remove(): void {
    rmSync(this.folder, { recursive: true });
  }
}
