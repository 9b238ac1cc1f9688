"""Questions to what pgBackRest says of the store, which comes on standard input as JSON. The answer is the exit status."""

import json
import re
import sys

SEGMENT = 16 * 1024 * 1024
COMPLETE = re.compile(r"^[^/]+/backup\.manifest$")


def segment_number(name: str) -> int:
    """Of a file's name: 8 digits of timeline, 8 of the log file, 8 of the segment in it."""
    return int(name[8:16], 16) * (2**32 // SEGMENT) + int(name[16:24], 16)


def archived_segment(info: list) -> int:
    """Number of the newest segment in the store, by `pgbackrest info --output=json`; -1 without any."""
    newest = [a["max"] for stanza in info for a in stanza.get("archive", []) if a.get("max")]
    return max((segment_number(name) for name in newest), default=-1)


def is_less_work(info: list) -> bool:
    """
    Whether a standby is made from the store with less work than from its primary: the newest backup has less of the
    write-ahead log behind it than the database is big. By `pgbackrest info`.
    """
    backups = [b for stanza in info for b in stanza.get("backup", []) if not b.get("error")]
    if not backups:
        return False
    newest = max(backups, key=lambda b: b["timestamp"]["stop"])
    behind = archived_segment(info) - segment_number(newest["archive"]["stop"])
    return behind * SEGMENT <= newest["info"]["size"]


def has_backups(listing: dict) -> bool:
    """Whether there is a backup that ended: one that was cut off has no manifest yet. By `pgbackrest repo-ls --recurse`."""
    return any(COMPLETE.match(path) for path in listing)


QUESTIONS = {"is-less-work": is_less_work, "has-backups": has_backups}

if __name__ == "__main__":
    sys.exit(0 if QUESTIONS[sys.argv[1]](json.load(sys.stdin)) else 1)
