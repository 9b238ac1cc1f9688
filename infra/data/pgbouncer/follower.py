"""
Beside each PgBouncer: holds clients back while the primary changes as planned, where their connections would break. The primary
asks for it before it stops (POST /pause): PgBouncer ends the transactions that run and lets new ones wait. They go on when
the next primary takes writes, and after a few seconds whatever has happened.
"""

import json
import os
import socket
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import psycopg2

# So long the primary waits for transactions to end; what still runs then breaks with its stop, all others wait.
DRAIN_SECONDS = 1.0
ROUND_SECONDS = 0.05
# A primary that is away does not answer; more than a round trip inside a cluster.
REACH_SECONDS = 0.3
STATE = """SELECT pg_is_in_recovery(), coalesce(host(inet_server_addr()), ''),
  CASE WHEN pg_is_in_recovery() THEN '' ELSE left(pg_walfile_name(pg_current_wal_lsn()), 8) END"""


def log(text: str) -> None:
    print(f"follower: {text}", flush=True)


class Pooler:
    """PgBouncer's console."""

    def __init__(self, port: int, database: str) -> None:
        self.port, self.database = port, database

    def say(self, command: str) -> None:
        connection = psycopg2.connect(host="127.0.0.1", port=self.port, user="follower", dbname="pgbouncer", connect_timeout=2)
        try:
            # The console knows no transactions.
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(f"{command} {self.database}")
        finally:
            connection.close()


class Primary:
    """The server behind the Service of the primary. `look` is None where none answers."""

    def __init__(self, host: str, port: int, database: str, password_file: str) -> None:
        self.host, self.port, self.database, self.password_file = host, port, database, password_file

    def look(self) -> tuple[bool, str, str] | None:
        """Whether it recovers, its address, and its timeline while it does not."""
        try:
            # The library's own limit is two seconds at least.
            socket.create_connection((self.host, self.port), REACH_SECONDS).close()
            with open(self.password_file, encoding="utf-8") as file:
                password = file.read().strip()
            connection = psycopg2.connect(
                host=self.host, port=self.port, user="pooler", password=password, dbname=self.database, connect_timeout=2
            )
        except (OSError, psycopg2.Error):
            return None
        try:
            with connection.cursor() as cursor:
                cursor.execute(STATE)
                return cursor.fetchone()
        except psycopg2.Error:
            return None
        finally:
            connection.close()


class Follower:
    def __init__(self, pooler: Pooler, primary: Primary, most_seconds: float) -> None:
        self.pooler, self.primary, self.most_seconds = pooler, primary, most_seconds
        self.lock = threading.Lock()

    def pause(self, caller: str) -> tuple[int, str]:
        """Pauses for the caller's stop, and returns when no transaction runs, or some do not end."""
        if not self.lock.acquire(blocking=False):
            return 200, "paused already"
        seen = self.primary.look()
        if seen is None or seen[0] or seen[1] != caller:
            # A member that was primary and does not know yet that it is no more.
            self.lock.release()
            return 409, f"{caller} is not the primary"
        draining = threading.Thread(target=self.try_to, args=("PAUSE",), daemon=True)
        draining.start()
        threading.Thread(target=self.follow, args=(seen[2],), daemon=True).start()
        draining.join(DRAIN_SECONDS)
        return 200, "some transactions still run" if draining.is_alive() else "no transaction runs"

    def follow(self, timeline: str) -> None:
        """Waits for the next primary, or for this one after a restart, and lets clients go on."""
        began = time.monotonic()
        was_away = False
        why = f"no primary within {self.most_seconds} s"
        try:
            while time.monotonic() - began < self.most_seconds:
                seen = self.primary.look()
                writes = seen is not None and not seen[0]
                if writes and (was_away or seen[2] != timeline):
                    why = f"the primary is {seen[1]} on timeline {seen[2]}"
                    break
                was_away = was_away or not writes
                time.sleep(ROUND_SECONDS)
        finally:
            while not self.try_to("RESUME") and time.monotonic() - began < self.most_seconds * 2:
                time.sleep(ROUND_SECONDS)
            log(f"clients waited for {time.monotonic() - began:.2f} s: {why}")
            self.lock.release()

    def try_to(self, command: str) -> bool:
        try:
            self.pooler.say(command)
            return True
        except psycopg2.Error as error:
            # Resumed while it still drained: the console says so to the one that waits.
            log(f"{command}: {str(error).strip()}")
            return "not paused" in str(error)


def serve(follower: Follower, port: int) -> None:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:  # noqa: N802 - the library's name
            status, text = follower.pause(self.client_address[0]) if self.path == "/pause" else (404, "no such path")
            log(f"{self.client_address[0]} asks to pause: {text}")
            body = json.dumps({"text": text}).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_args) -> None:
            """Logged above."""

    ThreadingHTTPServer(("", port), Handler).serve_forever()


def main() -> None:
    environ = os.environ
    database = environ["DATABASE_NAME"]
    pooler = Pooler(int(environ["PGBOUNCER_PORT"]), environ["POOL"])
    primary = Primary(environ["PRIMARY_HOST"], int(environ["PRIMARY_PORT"]), database, environ["POOLER_PASSWORD_FILE"])
    # What an earlier run of this container has paused: nobody else would let it go on.
    follower = Follower(pooler, primary, float(environ["MOST_SECONDS"]))
    follower.try_to("RESUME")
    serve(follower, int(environ["FOLLOWER_PORT"]))


if __name__ == "__main__":
    main()
