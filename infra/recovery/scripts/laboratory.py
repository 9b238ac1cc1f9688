"""The database and the repository of `sabotage.py` and `simulation.py`: made in the scratch folder, away from the stack's own."""

import glob
import os
import subprocess
import time

import ledger
import proof
import psycopg2
from failure import Failure
from repository import Repository
from scratch import Scratch

HOUR = 3600
LIMITS = proof.Limits(backup_age=26 * HOUR, lag=300)
LEDGER = """CREATE TABLE ledger (seq bigint PRIMARY KEY, prev_hash text NOT NULL, hash text NOT NULL UNIQUE, payload text NOT NULL,
  written_at timestamptz NOT NULL DEFAULT now())"""
DATABASE = "media"
# A store in whose place no server answers.
AWAY = "repo1-type=s3\nrepo1-s3-endpoint=127.0.0.1\nrepo1-storage-port=1\nrepo1-s3-bucket=b\nrepo1-s3-region=r\nrepo1-s3-key=k\nrepo1-s3-key-secret=s\n"


class Laboratory:
    """A primary that archives to a repository in the same folder, encrypted and laid out as the stack's own."""

    def __init__(self, folder: str, bin_dir: str) -> None:
        self.folder, self.bin_dir = folder, bin_dir
        self.data, self.store = f"{folder}/primary", f"{folder}/store"
        self.config = f"{folder}/pgbackrest.conf"
        self.repository = Repository((f"--config={self.config}", f"--config-include-path={folder}/conf.d"))
        self.scratch = Scratch(f"{folder}/scratch", bin_dir)

    def configure(self, key: str = "right", away: bool = False) -> None:
        with open(self.config, "w", encoding="utf-8") as file:
            file.write(
                f"[global]\nrepo1-path={self.store}\nrepo1-cipher-type=aes-256-cbc\nrepo1-cipher-pass={key}\n"
                f"repo1-bundle=y\ncompress-type=zst\nlog-level-file=off\nlog-level-console=warn\nlock-path={self.folder}/lock\n"
                f"spool-path={self.folder}/spool\nio-timeout=2\n{AWAY if away else ''}archive-timeout=20\nstart-fast=y\nrepo1-retention-full=9\n"
                f"[main]\npg1-path={self.data}\npg1-socket-path={self.folder}\npg1-user=postgres\n"
            )

    def run(self, *command: str) -> str:
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=self.folder)
        if done.returncode != 0:
            raise RuntimeError(f"{' '.join(command)}: {done.stderr or done.stdout}")
        return done.stdout

    def pgbackrest(self, *arguments: str) -> str:
        return self.run(*self.repository.command, *arguments)

    def start(self) -> None:
        for name in (self.store, self.scratch.folder, f"{self.folder}/conf.d"):
            os.makedirs(name, mode=0o700)
        self.configure()
        self.run(f"{self.bin_dir}/initdb", f"--pgdata={self.data}", "--username=postgres", "--auth=trust", "--no-sync")
        archive = " ".join([*self.repository.command, "archive-push", "%p"])
        with open(f"{self.data}/postgresql.auto.conf", "a", encoding="utf-8") as file:
            file.write(
                f"listen_addresses=''\nunix_socket_directories='{self.folder}'\narchive_mode=on\narchive_command='{archive}'\n"
                "fsync=off\nwal_level=replica\nmax_wal_senders=3\nmax_connections=20\nshared_buffers='32MB'\n"
            )
        self.run(f"{self.bin_dir}/pg_ctl", f"--pgdata={self.data}", "--log=primary.log", "--wait", "start")
        self.sql("CREATE DATABASE media", "postgres")
        self.sql(LEDGER)
        self.pgbackrest("stanza-create")
        self.write(20)
        self.pgbackrest("--type=full", "backup")
        self.write(20)
        self.archive_all()
        self.promote()
        for _ in range(3):
            self.write(20)
            self.archive_all()

    def promote(self) -> None:
        """Begins another timeline, as after a failover."""
        self.stop()
        open(f"{self.data}/standby.signal", "w", encoding="utf-8").close()
        self.run(f"{self.bin_dir}/pg_ctl", f"--pgdata={self.data}", "--log=primary.log", "--wait", "start")
        self.sql("SELECT pg_promote()", "postgres")

    def connect(self, database: str = DATABASE):
        return psycopg2.connect(host=self.folder, user="postgres", dbname=database)

    def sql(self, statement: str, database: str = DATABASE) -> list[tuple]:
        connection = self.connect(database)
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(statement)
            rows = cursor.fetchall() if cursor.description else []
        connection.close()
        return rows

    def write(self, count: int) -> None:
        connection = self.connect()
        for _ in range(count):
            ledger.append(connection, "sabotage")
        connection.close()

    def archive_all(self) -> None:
        segment = self.sql("SELECT pg_walfile_name(pg_switch_wal())")[0][0]
        for _ in range(300):
            # After three failures the archiver sleeps for a minute; a reload wakes it.
            self.sql("SELECT pg_reload_conf()")
            if (self.sql("SELECT coalesce(last_archived_wal, '') FROM pg_stat_archiver")[0][0]) >= segment:
                return
            time.sleep(0.1)
        raise RuntimeError(f"{segment} was not archived")

    def facts(self) -> proof.LiveFacts:
        system_id = self.sql("SELECT system_identifier FROM pg_control_system()")[0][0]
        connection = self.connect()
        rows = ledger.read(connection)
        connection.close()
        return proof.LiveFacts(system_id, rows)

    def stop(self) -> None:
        if os.path.exists(f"{self.data}/postmaster.pid"):
            self.run(f"{self.bin_dir}/pg_ctl", f"--pgdata={self.data}", "--mode=fast", "--wait", "stop")

    def kill(self) -> None:
        """Ends the server without a farewell."""
        self.run(f"{self.bin_dir}/pg_ctl", f"--pgdata={self.data}", "--mode=immediate", "--wait", "stop")

    def verdict(self, facts: proof.LiveFacts | None = None) -> str:
        """The name of what the proof found, or "passed"."""
        try:
            for _ in proof.prove(self.repository, self.scratch, facts or self.facts(), LIMITS, DATABASE):
                pass
            return "passed"
        except Failure as failure:
            proof.say(f"{failure.name}: {failure.text}")
            return failure.name
        finally:
            self.scratch.clear()

    def only(self, pattern: str) -> str:
        found = sorted(path for path in glob.glob(f"{self.store}/{pattern}", recursive=True) if os.path.isfile(path))
        if not found:
            raise RuntimeError(f"nothing in the store matches {pattern}")
        return found[-1]
