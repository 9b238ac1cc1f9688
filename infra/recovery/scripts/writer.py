"""
Writes rows steadily through the pooler, as the application does, and remembers which were acknowledged. A row's time is the
database's own clock while it is written. No row is written twice: where no answer came, its fate is unknown. The last line is the
result, as JSON; /tmp/stop ends the run.
"""

import argparse
import json
import os
import re
import sys
import threading
import time

import live
import psycopg2

STOP_FILE = "/tmp/stop"
STATEMENT_SECONDS = 10
IDENTIFIER = re.compile(r"^[a-z_0-9]+\.[a-z_0-9]+$")


class Writer(threading.Thread):
    """One client with one connection: the next row is due at a fixed pace, or as soon as the last one has its answer."""

    def __init__(self, number: int, table: str, pause: float, end: float) -> None:
        super().__init__(daemon=True)
        self.number, self.pause, self.end = number, pause, end
        self.statement = (
            f"INSERT INTO {table} (writer, n, at, timeline) VALUES (%s, %s, clock_timestamp(),"
            " left(pg_walfile_name(pg_current_wal_lsn()), 8))"
        )
        # Number of the row, and when the acknowledgement came, in seconds since 1970.
        self.acknowledged: list[tuple[int, float]] = []
        self.unknown: list[int] = []
        self.refused = 0
        # Begin and end of each time without an acknowledgement that had an error in it, in seconds since 1970.
        self.outages: list[list[float]] = []
        self.errors: dict[str, int] = {}
        self.connection = None

    def run(self) -> None:
        n, last, failing = 0, time.time(), False
        while time.time() < self.end and not os.path.exists(STOP_FILE):
            due = time.monotonic() + self.pause
            n += 1
            if self.write(n):
                now = time.time()
                if failing:
                    self.outages.append([last, now])
                last, failing = now, False
            else:
                failing = True
            time.sleep(max(0.0, due - time.monotonic()))
        if failing:
            self.outages.append([last, time.time()])

    def write(self, n: int) -> bool:
        sent = False
        try:
            if self.connection is None:
                self.connection = live.connect()
                self.connection.autocommit = True
            with self.connection.cursor() as cursor:
                sent = True
                cursor.execute(self.statement, (self.number, n))
            self.acknowledged.append((n, round(time.time(), 3)))
            return True
        except psycopg2.Error as error:
            text = str(error).strip().splitlines()[0][:120] if str(error).strip() else type(error).__name__
            self.errors[text] = self.errors.get(text, 0) + 1
            if sent:
                self.unknown.append(n)
            else:
                self.refused += 1
            if self.connection is not None:
                self.connection.close()
            self.connection = None
            return False


def main() -> int:
    parser = argparse.ArgumentParser(description="Writes rows steadily and remembers which were acknowledged.")
    parser.add_argument("--table", required=True, help="schema.table")
    parser.add_argument("--writers", type=int, default=5)
    parser.add_argument("--per-second", type=float, default=50, help="of all writers together")
    parser.add_argument("--seconds", type=float, default=600, help="at most")
    arguments = parser.parse_args()
    if not IDENTIFIER.match(arguments.table):
        parser.error(f"{arguments.table} is not schema.table")
    end = time.time() + arguments.seconds
    pause = arguments.writers / arguments.per_second
    writers = [Writer(number, arguments.table, pause, end) for number in range(arguments.writers)]
    for writer in writers:
        writer.start()
        time.sleep(pause / arguments.writers)
    print("writing", flush=True)
    for writer in writers:
        writer.join()
    errors: dict[str, int] = {}
    for writer in writers:
        for text, count in writer.errors.items():
            errors[text] = errors.get(text, 0) + count
    result = {
        "acknowledged": {writer.number: writer.acknowledged for writer in writers},
        "unknown": {writer.number: writer.unknown for writer in writers},
        "refused": sum(writer.refused for writer in writers),
        "outages": sorted(outage for writer in writers for outage in writer.outages),
        "errors": errors,
    }
    print(json.dumps(result), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
