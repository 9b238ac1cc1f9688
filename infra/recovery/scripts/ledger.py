"""The ledger: rows chained by hash. drills/ledger.ts has the same rules; a test compares both."""

import hashlib
from dataclasses import dataclass

from failure import Failure

GENESIS = "0" * 64
# All writers of the ledger hold it, so that two never take the same number (drills/ledger-table.ts).
LOCK = 7102
# How long a transaction of the probe may take.
GRACE_SECONDS = 5
READ = "SELECT seq, prev_hash, hash, payload, extract(epoch FROM written_at)::float8 FROM ledger ORDER BY seq"
APPEND = """WITH last AS (SELECT seq, hash FROM ledger ORDER BY seq DESC LIMIT 1),
  next AS (SELECT coalesce((SELECT seq FROM last), 0) + 1 AS seq, coalesce((SELECT hash FROM last), %(genesis)s) AS prev_hash)
INSERT INTO ledger (seq, prev_hash, hash, payload)
SELECT seq, prev_hash, encode(sha256(convert_to(prev_hash || E'\\n' || seq || E'\\n' || %(payload)s, 'UTF8')), 'hex'), %(payload)s
  FROM next RETURNING seq"""


@dataclass(frozen=True)
class Row:
    seq: int
    prev_hash: str
    hash: str
    payload: str
    written_at: float


def hash_of(prev_hash: str, seq: int, payload: str) -> str:
    return hashlib.sha256(f"{prev_hash}\n{seq}\n{payload}".encode()).hexdigest()


def read(connection) -> list[Row]:
    with connection, connection.cursor() as cursor:
        cursor.execute(READ)
        return [Row(*row) for row in cursor.fetchall()]


def append(connection, payload: str) -> int:
    """One row in a transaction of its own; returns its number once the commit is acknowledged."""
    with connection, connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", (LOCK,))
        cursor.execute(APPEND, {"genesis": GENESIS, "payload": payload})
        return cursor.fetchone()[0]


def check_chain(rows: list[Row]) -> None:
    """@raises Failure with the first row that is missing, changed, or not linked to the one before it"""
    seq, previous = 0, GENESIS
    for row in rows:
        if row.seq != seq + 1:
            raise Failure("ledger-broken", f"rows {seq + 1} to {row.seq - 1} of the ledger are missing")
        if row.prev_hash != previous:
            raise Failure("ledger-broken", f"row {row.seq} of the ledger does not follow row {seq}")
        if row.hash != hash_of(row.prev_hash, row.seq, row.payload):
            raise Failure("ledger-broken", f"row {row.seq} of the ledger does not have the hash of its content")
        seq, previous = row.seq, row.hash


def check_against(live: list[Row], restored: list[Row], recovered_to: float) -> int:
    """
    Compares the restored ledger with the live one.

    @param recovered_to time of the newest transaction that was recovered, in seconds since 1970
    @return how many acknowledged rows a total loss would have cost
    @raises Failure where a restored row differs, or one is missing that was written before that time
    """
    known = {row.seq: row.hash for row in live}
    for row in restored:
        if known.get(row.seq) != row.hash:
            raise Failure("ledger-broken", f"row {row.seq} of the restored ledger is not the live one")
    there = {row.seq for row in restored}
    lost = [row for row in live if row.seq not in there]
    # A row's time is that of its transaction's begin.
    early = [row for row in lost if row.written_at < recovered_to - GRACE_SECONDS]
    if early:
        raise Failure(
            "ledger-broken",
            f"row {early[0].seq} of the ledger is missing, although it was written"
            f" {recovered_to - early[0].written_at:.1f} s before the recovered time",
        )
    return len(lost)
