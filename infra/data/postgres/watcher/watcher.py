"""
Beside each member: says whether it may answer (GET /ready, for Kubernetes), writes the heartbeat, applies changed files,
rebuilds a standby that does not come back, restarts members for settings that need it. Backups are the keeper's, which is
busy for as long as one takes.
"""

import json
import os
import signal
import subprocess
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import psycopg2
from credentials import Files
from member import Database, Patroni
from restarts import Restarts
from standby import (
    LEADERLESS_SECONDS,
    SETTLED_SECONDS,
    Progress,
    Readiness,
    lead,
    mark_stream,
    patience,
    rebuild,
)

ROUND_SECONDS = 2
# What costs a question to the Kubernetes API or a look at files is done in every fifth round.
SLOW_ROUNDS = 5
RETIRE_ROUNDS = 30
# A verdict that is older than this is none: the loop hangs.
STALE_SECONDS = 15


def log(text: str) -> None:
    print(f"watcher: {text}", flush=True)


class Watcher:
    def __init__(self) -> None:
        self.name = os.environ["PATRONI_NAME"]
        self.members = int(os.environ["MEMBERS"])
        self.patroni = Patroni()
        self.database = Database("host=/var/run/postgresql user=postgres dbname=postgres options='-c statement_timeout=5s'")
        self.readiness = Readiness(float(os.environ["MOST_LAG_SECONDS"]))
        self.files = Files(self.patroni, log)
        self.restarts = Restarts(self.patroni, os.environ["MAINTENANCE_HOURS"], log)
        now = time.monotonic()
        self.progress, self.settled, self.led, self.streamed = (Progress(now) for _ in range(4))
        self.looked = now

    def round(self, number: int) -> None:
        now = time.monotonic()
        look = self.database.look()
        self.readiness.note(look)
        self.looked = now
        is_primary = look is not None and not look.recovering
        if is_primary:
            self.database.beat()
        state = self.patroni.get("/patroni")[1]
        mark = (look.received, look.replayed) if look else state.get("state")
        limit = patience(look, state.get("state", ""))
        silent = self.progress.note(now, mark, limit is None)
        settled = self.settled.note(now, mark)
        streaming = look is not None and look.streaming
        mark_stream(streaming, self.streamed.note(now, True, streaming), state.get("cluster_unlocked") is None)
        leaderless = self.led.note(now, True, not state.get("cluster_unlocked"))
        if not is_primary and limit is not None and silent > limit:
            # Tried or not: it gets its time again.
            self.progress = Progress(now)
            rebuild(self.patroni, self.patroni.get("/cluster")[1], log)
        if number % SLOW_ROUNDS:
            return
        leads = look is not None and self.patroni.get("/leader")[0] == 200
        self.files.apply(leads, is_primary, leads and look.follows)
        if is_primary:
            if number % RETIRE_ROUNDS == 0:
                self.files.retire()
            self.restarts.watch(self.patroni.get("/cluster")[1])
        elif look and leaderless > LEADERLESS_SECONDS and settled > SETTLED_SECONDS:
            lead(self.patroni, self.name, self.members, self.patroni.get("/cluster")[1], log)

    def verdict(self) -> tuple[int, dict]:
        if time.monotonic() - self.looked > STALE_SECONDS:
            return 503, {"ready": False, "reason": "the watcher hangs"}
        return (200 if self.readiness.ready else 503), {"ready": self.readiness.ready, "reason": self.readiness.reason}


def serve(watcher: Watcher, port: int) -> None:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:  # noqa: N802 - the library's name
            status, body = watcher.verdict() if self.path == "/ready" else (404, {})
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(json.dumps(body).encode())

        def log_message(self, *_args) -> None:
            """Kubernetes asks every few seconds."""

    server = ThreadingHTTPServer(("", port), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()


def main() -> None:
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    watcher = Watcher()
    serve(watcher, int(os.environ["WATCHER_PORT"]))
    number = 0
    while True:
        try:
            watcher.round(number)
        except (OSError, ValueError, KeyError, subprocess.SubprocessError, psycopg2.Error) as error:
            log(f"a round failed: {type(error).__name__}: {error}")
        number += 1
        time.sleep(ROUND_SECONDS)


if __name__ == "__main__":
    main()
