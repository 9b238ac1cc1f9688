"""A PostgreSQL of its own on restored data: no network, nothing archived, gone afterwards."""

import os
import re
import shutil
import subprocess
import time

import psycopg2
from failure import Failure

# Given on the command line: what the restored data folder brings with it must not count. Durability is of no use to a server that
# is thrown away, and without hot_standby its settings are not compared with the primary's.
SETTINGS = {
    "listen_addresses": "",
    "archive_mode": "off",
    "hot_standby": "off",
    "fsync": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "max_connections": "20",
    "shared_buffers": "32MB",
    "shared_preload_libraries": "",
    "log_min_messages": "info",
    "log_checkpoints": "off",
    "log_line_prefix": "",
    "logging_collector": "off",
}
FILES = {"config_file": "postgresql.conf", "hba_file": "pg_hba.conf", "ident_file": "pg_ident.conf"}
ROUND_SECONDS = 0.1
CLOSE_SECONDS = 300
MAINTENANCE = "postgres"


class Scratch:
    """The folder, and the server in it. `bin_dir` holds PostgreSQL's programs."""

    def __init__(self, folder: str, bin_dir: str) -> None:
        self.folder = folder
        self.data = f"{folder}/data"
        self.log_file = f"{folder}/server.log"
        self.bin_dir = bin_dir
        self.server: subprocess.Popen | None = None

    def clear(self) -> None:
        """Removes everything in the folder; the folder itself is a mount."""
        self.stop()
        for name in os.listdir(self.folder) if os.path.isdir(self.folder) else []:
            path = os.path.join(self.folder, name)
            if os.path.isdir(path) and not os.path.islink(path):
                shutil.rmtree(path)
            else:
                os.remove(path)

    def prepare(self) -> None:
        os.makedirs(self.data, mode=0o700)
        for name, text in (
            ("postgresql.conf", ""),
            ("pg_hba.conf", "local all all trust\n"),
            ("pg_ident.conf", ""),
        ):
            with open(f"{self.folder}/{name}", "w", encoding="utf-8") as file:
                file.write(text)

    def start(self, seconds: int) -> None:
        """Starts the server, and waits until it has recovered and takes writes."""
        files = {name: f"{self.folder}/{file}" for name, file in FILES.items()}
        settings = {**SETTINGS, **files, "unix_socket_directories": self.folder}
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        with open(self.log_file, "w", encoding="utf-8") as log:
            command = [f"{self.bin_dir}/postgres", "-D", self.data, *options]
            self.server = subprocess.Popen(command, stdout=log, stderr=log, cwd=self.folder)
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self.server.poll() is not None:
                raise Failure(*self.why())
            if self.recovered():
                return
            time.sleep(ROUND_SECONDS)
        raise Failure("recovery-failed", f"the scratch server did not recover within {seconds} s: {self.tail()}")

    def recovered(self) -> bool:
        try:
            return self.query("SELECT pg_is_in_recovery()")[0][0] is False
        except psycopg2.Error:
            return False

    def why(self) -> tuple[str, str]:
        log = self.log()
        if "recovery ended before configured recovery target was reached" in log:
            return "target-invalid", "the archive ends before the time that was asked for"
        if re.search(r"exit code 200|incorrect resource manager|invalid (record|magic)|unexpected pageaddr", log):
            return "wal-damaged", f"a WAL segment cannot be read: {self.tail()}"
        return "recovery-failed", f"the scratch server ended while it recovered: {self.tail()}"

    def connect(self, database: str = MAINTENANCE):
        return psycopg2.connect(host=self.folder, user="postgres", dbname=database, connect_timeout=5)

    def query(self, statement: str, parameters: tuple = (), database: str = MAINTENANCE) -> list[tuple]:
        connection = self.connect(database)
        try:
            with connection, connection.cursor() as cursor:
                cursor.execute(statement, parameters)
                return cursor.fetchall() if cursor.description else []
        finally:
            connection.close()

    def run(self, program: str, *arguments: str) -> subprocess.CompletedProcess:
        command = [f"{self.bin_dir}/{program}", f"--host={self.folder}", "--username=postgres", *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    def log(self) -> str:
        if not os.path.exists(self.log_file):
            return ""
        with open(self.log_file, encoding="utf-8", errors="replace") as file:
            return file.read()

    def tail(self) -> str:
        lines = [line for line in self.log().splitlines() if re.match(r"(FATAL|ERROR|PANIC|LOG|P00)", line)]
        return " | ".join(lines[-6:])[:800]

    def redo_end(self) -> str | None:
        """Position of the last record that was replayed."""
        found = re.findall(r"redo done at ([0-9A-F]+/[0-9A-F]+)", self.log())
        return found[-1] if found else None

    def unreadable(self) -> list[str]:
        """Positions at which the server found no valid record."""
        pattern = r"^LOG: +(?:invalid|incorrect|unexpected|record|missing|there is no|out-of-sequence|WAL file)[^\n]* ([0-9A-F]+/[0-9A-F]+)"
        return re.findall(pattern, self.log(), re.MULTILINE)

    def timeline(self) -> int:
        """The timeline that the server began at the end of its recovery: one more than the last it has read."""
        return int(self.query("SELECT left(pg_walfile_name(pg_current_wal_lsn()), 8)")[0][0], 16)

    def last_transaction(self) -> float | None:
        """When the newest replayed transaction was committed, in seconds since 1970; from the server's log."""
        found = re.findall(r"last completed transaction was at log time (\S+ \S+)", self.log())
        if not found:
            return None
        return float(self.query("SELECT extract(epoch FROM %s::timestamptz)::float8", (found[-1],))[0][0])

    def close(self) -> None:
        """Ends the server in order, so that its data are whole for who takes them next."""
        if self.server:
            self.server.send_signal(2)  # SIGINT: sessions are ended, and a checkpoint is written
            self.server.wait(CLOSE_SECONDS)
        self.server = None

    def stop(self) -> None:
        if self.server and self.server.poll() is None:
            self.server.send_signal(3)  # SIGQUIT: at once; nothing here is kept
            try:
                self.server.wait(20)
            except subprocess.TimeoutExpired:
                self.server.kill()
                self.server.wait()
        self.server = None
