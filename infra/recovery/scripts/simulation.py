"""
A recovery drill on a database of its own, in the scratch folder, with a repository as the stack's own: a table is dropped and
comes back from the moment before, and then the whole database is lost and comes back from the repository. Each check is
followed by its negative control, in which it must fail. The stack is not touched. With --push the figures go to Pushgateway,
as those of other drills. The last line is the result, as JSON.
"""

import argparse
import glob
import json
import os
import shutil
import subprocess
import sys
import time

import beside
import ledger
import psycopg2
from failure import Failure
from laboratory import DATABASE, Laboratory
from pushgateway import Drills

KIND = "simulation"
# Rows in the newest segment of the archive.
SEGMENT_ROWS = 20


class Clock:
    """The phases and their times."""

    def __init__(self) -> None:
        self.phases: list[dict] = []
        self.began = time.monotonic()

    def end(self, name: str) -> None:
        now = time.monotonic()
        self.phases.append({"name": name, "seconds": round(now - self.began, 2)})
        print(f"simulation: {name}: {self.phases[-1]['seconds']} s", flush=True)
        self.began = now


def rows_of(lab: Laboratory) -> list[ledger.Row]:
    connection = lab.connect()
    try:
        return ledger.read(connection)
    finally:
        connection.close()


def restored_rows(lab: Laboratory, target: float | None) -> tuple[list[ledger.Row], float]:
    """Restores beside, and reads the ledger there; also the time of the newest recovered transaction. The copy stays."""
    backup = beside.newest_before(lab.repository.backups(), target, time.time())
    restored = beside.restore(lab.repository, lab.scratch, backup, target)
    connection = lab.scratch.connect(DATABASE)
    try:
        rows = ledger.read(connection)
    finally:
        connection.close()
    ledger.check_chain(rows)
    return rows, restored.recovered_to


def table_dropped(lab: Laboratory, clock: Clock) -> dict:
    """Human error: recovery to the moment before, beside the live database, and the table is put back."""
    lab.write(20)
    wanted = rows_of(lab)
    moment = float(lab.sql("SELECT extract(epoch FROM clock_timestamp())::float8")[0][0])
    lab.sql("DROP TABLE ledger")
    clock.end("table dropped")
    try:
        rows_of(lab)
        control_fails = False
    except psycopg2.errors.UndefinedTable:
        control_fails = True
    clock.end("assessment: the table is away")
    lab.archive_all()
    copied, _ = restored_rows(lab, moment)
    clock.end("activation: restored to the moment before")
    dump = lab.scratch.run("pg_dump", f"--dbname={DATABASE}", "--table=ledger")
    command = [f"{lab.bin_dir}/psql", "--no-psqlrc", "--quiet", "--single-transaction", "--set=ON_ERROR_STOP=1"]
    place = [f"--host={lab.folder}", "--username=postgres", f"--dbname={DATABASE}"]
    load = subprocess.run([*command, *place], input=dump.stdout, capture_output=True, text=True, check=False)
    if dump.returncode or load.returncode:
        raise Failure("recovery-failed", f"the table cannot be put back: {(dump.stderr + load.stderr).strip()[:600]}")
    lab.scratch.clear()
    clock.end("activation: the table is put back")
    exact = copied == wanted and rows_of(lab) == wanted
    clock.end("validation: rows compared")
    return {"passed": exact and control_fails, "rows": len(wanted), "exact": exact, "controlFails": control_fails}


def all_lost(lab: Laboratory, clock: Clock) -> dict:
    """Total loss: the server is killed and its data folder removed; what was archived must come back whole."""
    for _ in range(2):
        lab.write(SEGMENT_ROWS)
        lab.archive_all()
    wanted = rows_of(lab)
    lab.kill()
    shutil.rmtree(lab.data)
    fault = time.monotonic()
    clock.end("all data lost")
    rows, recovered_to = restored_rows(lab, None)
    clock.end("activation: restored from the newest backup and all WAL")
    lost = ledger.check_against(wanted, rows, recovered_to)
    rto = time.monotonic() - fault
    rpo = max(0.0, wanted[-1].written_at - recovered_to) if lost else 0.0
    lab.scratch.clear()
    clock.end("validation: rows compared")
    # The control: the newest segment is taken away with its rows, which nothing but the comparison can see.
    os.remove(max(glob.glob(f"{lab.store}/archive/main/*/*/0000000*-*"), key=os.path.basename))
    fewer, recovered_to = restored_rows(lab, None)
    control_fails = ledger.check_against(wanted, fewer, recovered_to) == lost + SEGMENT_ROWS
    lab.scratch.clear()
    clock.end("negative control: WAL taken away")
    return {
        "passed": lost == 0 and control_fails,
        "rows": len(wanted),
        "rowsLost": lost,
        "rtoSeconds": round(rto, 1),
        "rpoSeconds": round(rpo, 1),
        "controlFails": control_fails,
    }


def run(lab: Laboratory) -> dict:
    clock = Clock()
    try:
        lab.start()
        clock.end("before: a database with a backup")
        dropped = table_dropped(lab, clock)
        lost = all_lost(lab, clock)
        figures = {"rtoSeconds": lost["rtoSeconds"], "rpoSeconds": lost["rpoSeconds"]}
        passed = dropped["passed"] and lost["passed"]
        return {"passed": passed, **figures, "tableDropped": dropped, "allLost": lost, "phases": clock.phases}
    except Failure as error:
        text = f"{error.name}: {error.text}"
        return {"passed": False, "failure": error.name, "text": text, "remedy": error.remedy, "phases": clock.phases}
    finally:
        lab.stop()
        lab.scratch.clear()


def main() -> int:
    parser = argparse.ArgumentParser(description="Drills a recovery on a database of its own.")
    parser.add_argument("--push", action="store_true", help="leave the figures at Pushgateway")
    arguments = parser.parse_args()
    root = f"{os.environ['SCRATCH_FOLDER']}/simulation"
    shutil.rmtree(root, ignore_errors=True)
    os.makedirs(root, mode=0o700)
    began = time.time()
    result = {"passed": False, "text": "ended by an error"}
    try:
        result = run(Laboratory(root, os.environ["POSTGRES_BIN"]))
    finally:
        shutil.rmtree(root, ignore_errors=True)
        if arguments.push:
            Drills(os.environ["PUSHGATEWAY_URL"]).push(KIND, result, began)
    print(json.dumps(result), flush=True)
    return 0 if result["passed"] else 1


if __name__ == "__main__":
    sys.exit(main())
