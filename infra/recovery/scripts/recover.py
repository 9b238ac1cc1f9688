"""
Restores the database beside the live one, to a point in time, and gives one schema of it to the live database under another
name. The live data stays as it is: what is mended from the copy is decided by the caller. The last line is the result, as JSON.
"""

import argparse
import json
import os
import subprocess
import sys
import time

import beside
import live
from failure import Failure
from proof import say
from repository import Repository
from scratch import Scratch


def hand_over(scratch: Scratch, database: str, schema: str, name: str) -> None:
    """Copies a schema of the restored database into the live one, in one transaction."""
    scratch.query(f'ALTER SCHEMA "{schema}" RENAME TO "{name}"', database=database)
    dump = scratch.run("pg_dump", f"--dbname={database}", "--no-owner", "--no-acl", f'--schema="{name}"')
    if dump.returncode != 0:
        raise Failure("recovery-failed", f"pg_dump of schema {schema}: {dump.stderr.strip()[:600]}")
    environ = os.environ
    # Not through the pooler: a dump sets what holds for a session.
    load = subprocess.run(
        [
            f"{environ['POSTGRES_BIN']}/psql",
            "--no-psqlrc",
            "--quiet",
            "--single-transaction",
            "--set=ON_ERROR_STOP=1",
            f"--host={environ['PRIMARY_HOST']}",
            f"--port={environ['PRIMARY_PORT']}",
            f"--username={environ['DATABASE_USER']}",
            f"--dbname={environ['DATABASE_NAME']}",
        ],
        input=dump.stdout,
        env={**environ, "PGPASSWORD": live.password()},
        capture_output=True,
        text=True,
        check=False,
    )
    if load.returncode != 0:
        raise Failure("recovery-failed", f"the copy cannot be put into the live database: {load.stderr.strip()[:600]}")


def run(arguments: argparse.Namespace) -> dict:
    repository = Repository()
    scratch = Scratch(os.environ["SCRATCH_FOLDER"], os.environ["POSTGRES_BIN"])
    database = os.environ["DATABASE_NAME"]
    try:
        backup = beside.newest_before(repository.backups(), arguments.target, time.time())
        say(f"restoring backup {backup.label} to {beside.precise(arguments.target)}")
        restored = beside.restore(repository, scratch, backup, arguments.target)
        began = time.monotonic()
        hand_over(scratch, database, arguments.schema, arguments.name)
        return {
            "passed": True,
            "backup": backup.label,
            "recoveredTo": restored.recovered_to,
            "restoreSeconds": round(restored.restore_seconds, 2),
            "recoverSeconds": round(restored.recover_seconds, 2),
            "copySeconds": round(time.monotonic() - began, 2),
        }
    except Failure as error:
        return {"passed": False, "failure": error.name, "text": error.text, "remedy": error.remedy}
    finally:
        scratch.clear()


def main() -> int:
    parser = argparse.ArgumentParser(description="Gives a schema as it was at a point in time to the live database.")
    parser.add_argument("--target", type=float, required=True, help="seconds since 1970")
    parser.add_argument("--schema", required=True)
    parser.add_argument("--name", required=True, help="the copy's name in the live database")
    result = run(parser.parse_args())
    if not result["passed"]:
        say(f"FAILED, {result['failure']}: {result['text']}")
    print(json.dumps(result), flush=True)
    return 0 if result["passed"] else 1


if __name__ == "__main__":
    sys.exit(main())
