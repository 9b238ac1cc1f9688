"""
Rehearses PostgreSQL's next major version on a copy: the newest backup is restored beside the live database and brought there in
two ways, by dump and load and in place by pg_upgrade. After each, every table is compared with what it was before. Two controls:
an obstacle that pg_upgrade must name, and a row taken away that the comparison must find. A way that is closed is told with its
reason; one must be open. The live data stays as it is. The last line is the result, as JSON.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import time

import beside
import proof
import psycopg2
from failure import Failure
from repository import Repository
from scratch import SETTINGS, Scratch

START_SECONDS = 300
# Of a type whose values pg_upgrade cannot carry over.
OBSTACLE = "CREATE TABLE public.upgrade_obstacle (n regcollation)"
# On the copy, where the database may still be empty.
CONTROL = "CREATE TABLE public.upgrade_control AS SELECT n, md5(n::text) AS payload FROM generate_series(1, 100) n"
OWN = "n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_toast'"
TABLES = f"SELECT quote_ident(n.nspname) || '.' || quote_ident(c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'r' AND {OWN} ORDER BY 1"
SEQUENCES = "SELECT quote_ident(schemaname) || '.' || quote_ident(sequencename), last_value FROM pg_sequences ORDER BY 1"
DATABASES = "SELECT datname FROM pg_database WHERE datallowconn AND NOT datistemplate ORDER BY 1"


def contents(server: Scratch) -> dict[str, list]:
    """Of each table the number of rows and a hash that does not depend on their order; of each sequence its value."""
    found: dict[str, list] = {}
    for (database,) in server.query(DATABASES):
        for (table,) in server.query(TABLES, database=database):
            # The width of floats in text is the same in all versions since 12.
            rows = f"SELECT count(*), coalesce(sum(('x' || left(md5(t::text), 15))::bit(60)::bigint), 0)::text FROM {table} t".replace("%", "%%")
            found[f"{database}.{table}"] = list(server.query(rows, database=database)[0])
        found.update({f"{database}.{name}": [value] for name, value in server.query(SEQUENCES, database=database)})
    return found


def differences(before: dict[str, list], after: dict[str, list]) -> list[str]:
    return sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))


def cause_in(output: str) -> str:
    """What the log that pg_upgrade names says of errors, since it is gone with the copy; else the end of the output."""
    named = re.search(r'last few lines of "([^"]+)"', output)
    if not named:
        return output.strip()[-800:]
    with open(named.group(1), encoding="utf-8", errors="replace") as file:
        text = file.read().strip()
    errors = [line for line in text.splitlines() if re.search(r"(error|ERROR|FATAL|PANIC):", line)]
    return "\n".join(errors)[:800] or text[-800:]


class Upgrade:
    """`old` has the restored data; `new` is the next version on the same data, `loaded` the next version with data of its own."""

    def __init__(self, old: Scratch, bin_dir: str) -> None:
        self.old = old
        self.new = Scratch(old.folder, bin_dir)
        self.new.data = f"{old.folder}/next"
        self.loaded = Scratch(f"{old.folder}/loaded", bin_dir)

    def run(self, *command: str) -> subprocess.CompletedProcess:
        return subprocess.run(command, capture_output=True, text=True, check=False, cwd=self.old.folder)

    def must(self, *command: str) -> str:
        """@raises Failure"""
        done = self.run(*command)
        if done.returncode != 0:
            raise Failure("upgrade-failed", f"{os.path.basename(command[0])}: {(done.stdout + done.stderr).strip()[-800:]}")
        return done.stdout

    def has_checksums(self, server: Scratch) -> bool:
        """Both versions must have them, or neither; version 18 has them by default."""
        control = self.must(f"{server.bin_dir}/pg_controldata", server.data)
        return re.search(r"checksum version:\s*[1-9]", control) is not None

    def initdb(self, server: Scratch) -> None:
        self.must(f"{server.bin_dir}/initdb", f"--pgdata={server.data}", "--username=postgres", "--auth=trust", "--no-sync")

    def load(self) -> None:
        """Everything is dumped by the old version's program, and loaded into an empty server of the new one."""
        self.loaded.prepare()
        self.initdb(self.loaded)
        self.loaded.start(START_SECONDS)
        dump = subprocess.Popen(
            [f"{self.old.bin_dir}/pg_dumpall", f"--host={self.old.folder}", "--username=postgres"], stdout=subprocess.PIPE
        )
        psql = [f"{self.old.bin_dir}/psql", "--no-psqlrc", "--quiet", f"--host={self.loaded.folder}", "--username=postgres", "postgres"]
        load = subprocess.run(psql, stdin=dump.stdout, capture_output=True, text=True, check=False)
        errors = [line for line in load.stderr.splitlines() if "ERROR:" in line and 'role "postgres" already exists' not in line]
        if dump.wait() != 0 or load.returncode != 0 or errors:
            raise Failure("upgrade-failed", f"dump and load: {' '.join(errors)[:800] or load.stderr[-800:]}")

    def prepare(self) -> None:
        """Makes an empty server for `pg_upgrade`. The old data keep no setting of where they come from."""
        self.initdb(self.new)
        wanted = self.has_checksums(self.old)
        if self.has_checksums(self.new) != wanted:
            self.must(f"{self.new.bin_dir}/pg_checksums", "--enable" if wanted else "--disable", f"--pgdata={self.new.data}")
        settings = "".join(f"{name} = '{value}'\n" for name, value in SETTINGS.items())
        for data in (self.old.data, self.new.data):
            for name, text in (("postgresql.conf", settings), ("postgresql.auto.conf", ""), ("pg_hba.conf", "local all all trust\n"), ("pg_ident.conf", "")):
                with open(f"{data}/{name}", "w", encoding="utf-8") as file:
                    file.write(text)

    def pg_upgrade(self, *options: str) -> subprocess.CompletedProcess:
        return self.run(
            # Both servers are started by it, with the settings of `prepare`.
            f"{self.new.bin_dir}/pg_upgrade",
            f"--old-bindir={self.old.bin_dir}",
            f"--new-bindir={self.new.bin_dir}",
            f"--old-datadir={self.old.data}",
            f"--new-datadir={self.new.data}",
            f"--socketdir={self.old.folder}",
            "--username=postgres",
            "--link",
            *options,
        )

    def check(self) -> str:
        """What stands against the upgrade; empty where nothing does."""
        done = self.pg_upgrade("--check")
        if done.returncode == 0:
            return ""
        # The reason is in files of the new data folder, and goes with it.
        self.run("rm", "-rf", f"{self.new.data}/pg_upgrade_output.d")
        lines = [line.strip() for line in (done.stdout + done.stderr).splitlines() if line.strip()]
        reason = [line for line in lines if not line.endswith(" ok")]
        return " ".join(reason)[:800]

    def link(self) -> None:
        """The data are upgraded where they lie: only the catalogue is made anew."""
        done = self.pg_upgrade()
        if done.returncode != 0:
            raise Failure("upgrade-failed", f"pg_upgrade: {cause_in(done.stdout + done.stderr)}")
        self.new.start(START_SECONDS)


def extensions(server: Scratch) -> list[str]:
    """Brings each extension to the version that the server has. @return which were older"""
    raised = []
    for (database,) in server.query(DATABASES):
        older = "SELECT e.extname FROM pg_extension e JOIN pg_available_extensions a ON a.name = e.extname WHERE a.default_version <> e.extversion"
        for (name,) in server.query(older, database=database):
            server.query(f'ALTER EXTENSION "{name}" UPDATE', database=database)
            raised.append(f"{database}.{name}")
    return raised


def tried(server: Scratch, way, before: dict[str, list], database: str, recovered_to: float) -> dict:
    """One way to the next version: how long the database would be away, and whether every row is there. Its control is part of it."""
    began = time.monotonic()
    try:
        way()
    except Failure as error:
        proof.say(f"this way is closed: {error.text}")
        return {"possible": False, "reason": error.text}
    away = time.monotonic()
    raised = extensions(server)
    # From version 18 on, pg_upgrade carries most of them over.
    missing = ["--missing-stats-only"] if int(server.query("SHOW server_version_num")[0][0]) >= 180000 else []
    statistics = server.run("vacuumdb", "--all", "--analyze-only", *missing)
    if statistics.returncode != 0:
        raise Failure("upgrade-failed", f"vacuumdb: {statistics.stderr.strip()[:600]}")
    analyzed = time.monotonic()
    different = differences(before, contents(server))
    proof.check_ledger(server, None, recovered_to, database)
    proof.check_pages(server)
    # The control: a row is taken away, and the comparison must name its table.
    server.query("DELETE FROM public.upgrade_control WHERE n = 50", database=database)
    change_found = differences(before, contents(server)) == [f"{database}.public.upgrade_control"]
    version = server.query("SHOW server_version")[0][0]
    server.stop()
    return {
        "possible": True,
        "passed": not different and change_found,
        "to": version,
        "seconds": round(away - began, 2),
        "statisticsSeconds": round(analyzed - away, 2),
        "extensionsRaised": raised,
        "different": different,
        "changeFound": change_found,
    }


def obstacle_found(upgrade: Upgrade, database: str) -> bool:
    """With a table that cannot be carried over, `pg_upgrade --check` must refuse and say why. The table goes again."""
    upgrade.old.query(OBSTACLE, database=database)
    upgrade.old.close()
    reason = upgrade.check()
    proof.say(f"with an obstacle: {reason or 'NOTHING WAS FOUND'}")
    upgrade.old.start(START_SECONDS)
    upgrade.old.query("DROP TABLE public.upgrade_obstacle", database=database)
    return "reg*" in reason


def rehearse(repository: Repository, upgrade: Upgrade, database: str) -> dict:
    """@raises Failure"""
    old = upgrade.old
    backup = beside.newest_before(repository.backups(), None, time.time())
    proof.say(f"restoring backup {backup.label} and all archived WAL")
    restored = beside.restore(repository, old, backup, None)
    rows = proof.check_ledger(old, None, restored.recovered_to, database)
    old.query(CONTROL, database=database)
    before, bytes_ = contents(old), int(old.query("SELECT sum(pg_database_size(oid))::bigint FROM pg_database")[0][0])
    version = old.query("SHOW server_version")[0][0]
    facts = (before, database, restored.recovered_to)
    ways = {"dump": tried(upgrade.loaded, upgrade.load, *facts)}
    upgrade.loaded.clear()
    upgrade.prepare()
    obstacle = obstacle_found(upgrade, database)
    old.close()
    refused = upgrade.check()
    ways["inPlace"] = {"possible": False, "reason": refused} if refused else tried(upgrade.new, upgrade.link, *facts)
    possible = [way for way in ways.values() if way["possible"]]
    return {
        "passed": obstacle and possible != [] and all(way["passed"] for way in possible),
        "from": version,
        "backup": backup.label,
        "bytes": bytes_,
        "tables": len(before),
        "ledgerRows": rows,
        "restoreSeconds": round(restored.restore_seconds + restored.recover_seconds, 2),
        "obstacleFound": obstacle,
        "ways": ways,
    }


def run(arguments: argparse.Namespace) -> dict:
    environ = os.environ
    old_bin = environ["POSTGRES_BIN"]
    new_bin = re.sub(r"/\d+/bin$", f"/{arguments.to}/bin", old_bin)
    upgrade = Upgrade(Scratch(environ["SCRATCH_FOLDER"], old_bin), new_bin)
    try:
        if not os.path.exists(f"{new_bin}/pg_upgrade"):
            raise Failure("upgrade-impossible", f"the image has no PostgreSQL {arguments.to}: {new_bin}/pg_upgrade is not there")
        return rehearse(Repository(), upgrade, environ["DATABASE_NAME"])
    except Failure as error:
        return {"passed": False, "failure": error.name, "text": error.text, "remedy": error.remedy}
    except psycopg2.Error as error:
        return {"passed": False, "failure": "upgrade-failed", "text": str(error).strip()[:600], "remedy": "read the job's log"}
    finally:
        upgrade.loaded.stop()
        upgrade.new.stop()
        upgrade.old.clear()


def main() -> int:
    parser = argparse.ArgumentParser(description="Rehearses the next major version on a copy of the newest backup.")
    parser.add_argument("--to", type=int, required=True, help="major version, such as 18")
    result = run(parser.parse_args())
    if not result["passed"]:
        proof.say(f"FAILED, {result.get('failure', 'compared')}: {result.get('text', result.get('ways'))}")
    print(json.dumps(result), flush=True)
    return 0 if result["passed"] else 1


if __name__ == "__main__":
    sys.exit(main())
