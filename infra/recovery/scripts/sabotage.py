"""
The proof against damaged stores: a database and a repository of its own, made in the scratch folder, damaged in one way after
the other. Each damage must be found and named; the undamaged repository must pass before and after. The stack's own store
is not touched. The last line is the result, as JSON.
"""

import argparse
import glob
import json
import os
import shutil
import sys
import time
from contextlib import contextmanager

import proof
from laboratory import HOUR, LIMITS, Laboratory


def damage_byte(path: str, at: float = 0.5) -> None:
    with open(path, "r+b") as file:
        file.seek(int(os.path.getsize(path) * at))
        byte = file.read(1)
        file.seek(-1, os.SEEK_CUR)
        file.write(bytes([byte[0] ^ 0x5A]))


def truncate(path: str, share: float = 0.5) -> None:
    os.truncate(path, int(os.path.getsize(path) * share))


@contextmanager
def shifted(seconds: float):
    """The clock of the proof, put forward or back."""
    real = time.time
    time.time = lambda: real() + seconds
    try:
        yield
    finally:
        time.time = real


def segment(lab: Laboratory, index: int) -> str:
    found = sorted(glob.glob(f"{lab.store}/archive/main/*/*/0000000*-*"), key=os.path.basename)
    return found[index]


# What is done to the store, and the name under which the proof must report it. Files come back from a copy afterwards.
FILES = {
    "missing WAL": (lambda lab: os.remove(segment(lab, -2)), "wal-missing"),
    "flipped byte in WAL": (lambda lab: damage_byte(segment(lab, -1)), "wal-damaged"),
    "flipped byte": (lambda lab: damage_byte(lab.only("backup/main/*F/bundle/1")), "backup-damaged"),
    "half upload": (lambda lab: truncate(lab.only("backup/main/*F/bundle/1")), "backup-damaged"),
    "truncated manifest": (lambda lab: [truncate(path) for path in glob.glob(f"{lab.store}/backup/main/*F/backup.manifest*")], "manifest-damaged"),
    "empty backup": (lambda lab: shutil.rmtree(os.path.dirname(lab.only("backup/main/*F/backup.manifest"))), "backup-empty"),
    "lost history file": (lambda lab: os.remove(lab.only("archive/main/*/00000002.history")), "history-missing"),
}


def unreachable(lab: Laboratory) -> str:
    lab.configure(away=True)
    return lab.verdict()


def wrong_key(lab: Laboratory) -> str:
    lab.configure(key="wrong")
    return lab.verdict()


def wrong_system(lab: Laboratory) -> str:
    facts = lab.facts()
    return lab.verdict(proof.LiveFacts(facts.system_id + 1, facts.ledger))


def stale(lab: Laboratory) -> str:
    with shifted(27 * HOUR):
        return lab.verdict()


def clock_jump(lab: Laboratory) -> str:
    with shifted(-2 * HOUR):
        return lab.verdict()


def full_store(lab: Laboratory) -> str:
    """The store takes no more WAL; the clock of the proof stands for the minutes that pass."""
    archive = os.path.dirname(os.path.dirname(segment(lab, -1)))
    folders = [path for path, _, _ in os.walk(archive)]
    for path in folders:
        os.chmod(path, 0o500)
    try:
        lab.write(5)
        lab.sql("SELECT pg_switch_wal()")
        with shifted(LIMITS.lag + 60):
            return lab.verdict()
    finally:
        for path in folders:
            os.chmod(path, 0o700)
        lab.archive_all()


STATES = {
    "store unreachable": (unreachable, "store-unreachable"),
    "wrong key": (wrong_key, "wrong-key"),
    "wrong system id": (wrong_system, "other-database"),
    "stale backup": (stale, "backup-stale"),
    "clock jump": (clock_jump, "clock-wrong"),
    "full store": (full_store, "archive-behind"),
}


def cases(lab: Laboratory, only: str | None):
    """Name, expected and found, for each damage, with the undamaged repository first and last."""
    yield "undamaged, before", "passed", lab.verdict()
    for name, (damage, expected) in FILES.items():
        if only in (None, name):
            copy = f"{lab.folder}/copy"
            shutil.copytree(lab.store, copy)
            damage(lab)
            yield name, expected, lab.verdict()
            shutil.rmtree(lab.store)
            os.rename(copy, lab.store)
    for name, (attempt, expected) in STATES.items():
        if only in (None, name):
            found = attempt(lab)
            lab.configure()
            yield name, expected, found
    yield "undamaged, after", "passed", lab.verdict()


def main() -> int:
    parser = argparse.ArgumentParser(description="Tries the proof on damaged stores.")
    parser.add_argument("--only", choices=[*FILES, *STATES], help="one damage; default: all")
    arguments = parser.parse_args()
    root = f"{os.environ['SCRATCH_FOLDER']}/laboratory"
    shutil.rmtree(root, ignore_errors=True)
    os.makedirs(root, mode=0o700)
    lab = Laboratory(root, os.environ["POSTGRES_BIN"])
    found = []
    try:
        lab.start()
        for name, expected, got in cases(lab, arguments.only):
            found.append({"name": name, "expected": expected, "found": got})
            print(f"{name}: {got}" + ("" if got == expected else f", expected {expected}"), flush=True)
    finally:
        lab.stop()
        shutil.rmtree(root, ignore_errors=True)
    wrong = [one for one in found if one["found"] != one["expected"]]
    print(json.dumps({"passed": not wrong, "cases": found}), flush=True)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
