"""
Proves that the newest backup can be restored: into a scratch folder, to the end of the archived WAL, with the ledger's chain
and all pages checked. It runs every few minutes and does so when a backup is new, or the last proof is old. Exit status 1: the
proof failed, and the last line says how.
"""

import argparse
import json
import os
import sys
import time
from dataclasses import dataclass

import beside
import ledger
import live
import psycopg2
from failure import Failure
from pushgateway import Pushgateway
from repository import Repository
from scratch import Scratch


@dataclass(frozen=True)
class Limits:
    """`backup_age`: the newest backup may be so old; `lag`: so much acknowledged work may be missing in the store. Seconds."""

    backup_age: float
    lag: float


@dataclass(frozen=True)
class LiveFacts:
    system_id: int
    ledger: list


def say(text: str) -> None:
    print(f"proof: {text}", flush=True)


def look_at_live(connect, database: str) -> LiveFacts | None:
    """Appends a row to the ledger in the application's way, and reads all. None where the live database is away."""
    try:
        connection = connect()
        try:
            ledger.append(connection, f"restore proof {beside.stamp(time.time())}")
            with connection, connection.cursor() as cursor:
                cursor.execute("SELECT system_identifier FROM pg_control_system()")
                system_id = cursor.fetchone()[0]
            return LiveFacts(system_id, ledger.read(connection))
        finally:
            connection.close()
    except psycopg2.Error as error:
        say(f"the live database {database} is away, so nothing is compared with it: {str(error).strip()}")
        return None


def prove(repository: Repository, scratch: Scratch, facts: LiveFacts | None, limits: Limits, database: str, target=None):
    """Yields the values for Pushgateway as they become known. @raises Failure"""
    now = time.time()
    backups = repository.backups()
    values = {"backup_count": float(len(backups))}
    if backups:
        newest = backups[-1]
        values["backup_last_completed_timestamp_seconds"] = float(newest.stop)
        values["backup_last_duration_seconds"] = float(newest.stop - newest.start)
        values["backup_last_size_bytes"] = float(newest.stored_bytes)
    yield values
    backup = beside.newest_before(backups, target, now)
    if now - backups[-1].stop > limits.backup_age:
        raise Failure("backup-stale", f"the newest backup ended {(now - backups[-1].stop) / 3600:.1f} hours ago")
    if facts and facts.system_id != backup.system_id:
        raise Failure(
            "other-database",
            f"backup {backup.label} is of system {backup.system_id}, the live database is {facts.system_id}",
        )
    say(f"restoring backup {backup.label}" + (f" to {beside.precise(target)}" if target else " and all archived WAL"))
    restored = beside.restore(repository, scratch, backup, target)
    say(f"restored in {restored.restore_seconds:.1f} s, recovered in {restored.recover_seconds:.1f} s to {beside.precise(restored.recovered_to)}")
    lag = max(0.0, now - restored.recovered_to)
    yield {"backup_last_wal_timestamp_seconds": restored.recovered_to, "backup_proof_recovered_lag_seconds": lag}
    rows = check_ledger(scratch, facts if target is None else None, restored.recovered_to, database)
    check_pages(scratch)
    if facts and target is None and lag > limits.lag:
        raise Failure("archive-behind", f"the newest archived transaction is {lag:.0f} s old, the limit is {limits.lag:.0f} s")
    yield {"backup_proof_ledger_rows": float(rows), "backup_proved_completed_timestamp_seconds": float(backup.stop)}


def check_ledger(scratch: Scratch, facts: LiveFacts | None, recovered_to: float, database: str) -> int:
    connection = scratch.connect(database)
    try:
        rows = ledger.read(connection)
    except psycopg2.errors.UndefinedTable:
        # A new stack is proved before its first migration. Where the live ledger has older rows, the comparison below fails.
        say("the restored database has no ledger yet")
        rows = []
    finally:
        connection.close()
    ledger.check_chain(rows)
    lost = ledger.check_against(facts.ledger, rows, recovered_to) if facts else 0
    say(f"the ledger's {len(rows)} rows are as they were; {lost} newer ones are not in the store yet")
    return len(rows)


def check_pages(scratch: Scratch) -> None:
    done = scratch.run("pg_amcheck", "--all", "--install-missing", "--heapallindexed")
    if done.returncode != 0:
        raise Failure("pages-damaged", f"pg_amcheck: {(done.stdout + done.stderr).strip()[:600]}")
    say("pg_amcheck found every table and index in order")


def is_due(last: dict[str, float], newest_stop: float | None, every_seconds: float, now: float) -> bool:
    """A new backup, a proof that failed, or one that is old."""
    if last.get("backup_proof_passed") != 1.0:
        return True
    if newest_stop is not None and last.get("backup_proved_completed_timestamp_seconds", 0.0) < newest_stop:
        return True
    return now - last.get("backup_last_proof_timestamp_seconds", 0.0) >= every_seconds


def newest_stop(repository: Repository) -> float | None:
    """None where the store does not say: then a proof finds out why."""
    try:
        backups = repository.backups()
    except Failure:
        return None
    return backups[-1].stop if backups else None


def run(arguments: argparse.Namespace) -> dict:
    environ = os.environ
    gateway = Pushgateway(environ["PUSHGATEWAY_URL"])
    repository = Repository()
    scratch = Scratch(environ["SCRATCH_FOLDER"], environ["POSTGRES_BIN"])
    database = environ["DATABASE_NAME"]
    hours = {name: float(environ[f"{name}_HOURS"]) * 3600 for name in ("PROOF_EVERY", "BACKUP_MOST_AGE")}
    limits = Limits(hours["BACKUP_MOST_AGE"], float(environ["MOST_LAG_SECONDS"]))
    last = gateway.read()
    if not arguments.now and not is_due(last, newest_stop(repository), hours["PROOF_EVERY"], time.time()):
        facts = look_at_live(live.connect, database)
        return {"passed": True, "skipped": "the newest backup is proved", "ledgerRows": len(facts.ledger) if facts else None}
    facts = look_at_live(live.connect, database)
    # A proof to a point in time is a drill's: the newest proof stays what it is.
    values = {"backup_last_proof_timestamp_seconds": 0.0, **last}
    began = time.monotonic()
    failure = None
    try:
        for found in prove(repository, scratch, facts, limits, database, arguments.target):
            values.update(found)
    except Failure as error:
        failure = error
    finally:
        scratch.clear()
    seconds = time.monotonic() - began
    values.update(backup_proof_passed=float(failure is None), backup_proof_duration_seconds=seconds)
    if failure is None:
        values["backup_last_proof_timestamp_seconds"] = time.time()
    if arguments.target is None:
        gateway.push(values, failure.name if failure else None)
    return {
        "passed": failure is None,
        **({"failure": failure.name, "text": failure.text, "remedy": failure.remedy} if failure else {}),
        "seconds": round(seconds, 1),
        "values": values,
    }


def main() -> int:
    parser = argparse.ArgumentParser(description="Proves that the newest backup can be restored.")
    parser.add_argument("--now", action="store_true", help="also where the newest backup is proved")
    parser.add_argument("--target", type=float, help="a point in time, in seconds since 1970; default: the end of the WAL")
    arguments = parser.parse_args()
    result = run(arguments)
    if not result["passed"]:
        say(f"FAILED, {result['failure']}: {result['text']}")
        say(f"what to do: {result['remedy']}")
    print(json.dumps(result), flush=True)
    return 0 if result["passed"] else 1


if __name__ == "__main__":
    sys.exit(main())
