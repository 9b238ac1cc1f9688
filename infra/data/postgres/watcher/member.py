"""What the watcher asks: Patroni's REST API of a member, and the PostgreSQL of this pod."""

import base64
import json
import os
import urllib.error
import urllib.request
from dataclasses import dataclass

import psycopg2
import psycopg2.extras

CREDENTIALS = os.environ.get("CREDENTIALS_FILE", "/run/secrets/patroni/credentials.json")
SECONDS = 5


def credentials() -> dict:
    """User names and passwords as Kubernetes has mounted them last."""
    with open(CREDENTIALS, encoding="utf-8") as file:
        return json.load(file)


class Patroni:
    """The REST API of one member. Errors of the network are answers with status 0."""

    def __init__(self, url: str = "http://127.0.0.1:8008") -> None:
        self.url = url

    def get(self, path: str) -> tuple[int, dict]:
        return self._ask("GET", path, None, None)

    def send(self, method: str, path: str, body: object, seconds: int = SECONDS) -> tuple[int, object]:
        """A request that changes something. After a rotation one member still has the last password: both are tried."""
        status, answer = 0, None
        for known in passwords():
            status, answer = self._ask(method, path, body, known, seconds)
            if status != 401:
                break
        return status, answer

    def _ask(self, method: str, path: str, body: object, known: dict | None, seconds: int = SECONDS):
        headers = {"Content-Type": "application/json"}
        if known:
            pair = f"{known['username']}:{known['password']}".encode()
            headers["Authorization"] = f"Basic {base64.b64encode(pair).decode()}"
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=seconds) as answer:
                return answer.status, parsed(answer.read())
        except urllib.error.HTTPError as error:
            return error.code, parsed(error.read())
        except OSError as error:
            return 0, {"error": str(error)}


def parsed(text: bytes):
    try:
        return json.loads(text)
    except ValueError:
        return {"text": text.decode("utf-8", "replace")}


_last: list[dict] = []


def passwords() -> list[dict]:
    """The password of Patroni's API that is mounted now, then the one that was before it in this process's life."""
    now = credentials()["patroni"]
    if not _last or _last[0] != now:
        _last.insert(0, now)
        del _last[2:]
    return list(_last)


@dataclass(frozen=True)
class Look:
    """What PostgreSQL says of its replication. Positions are bytes of the write-ahead log."""

    recovering: bool
    streaming: bool
    received: int
    replayed: int
    # Seconds since the newest commit that was replayed; None where none was.
    age: float | None
    # Whether it gets its log from another stack's store, and from no member.
    follows: bool = False


LOOK = """SELECT pg_is_in_recovery(),
  EXISTS (SELECT FROM pg_stat_wal_receiver WHERE status = 'streaming'),
  coalesce(pg_wal_lsn_diff(pg_last_wal_receive_lsn(), '0/0'), 0)::bigint,
  coalesce(pg_wal_lsn_diff(pg_last_wal_replay_lsn(), '0/0'), 0)::bigint,
  extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp())::float,
  pg_is_in_recovery() AND current_setting('primary_conninfo') = ''
    AND current_setting('restore_command') LIKE '%/fetch-wal.sh follow %'"""

# A commit that changes nothing, once in each round: what a replica has replayed is never older than a round, unless it gets
# nothing. It does not wait for a standby, or a standby's death would hold the watcher up.
HEARTBEAT = "SET LOCAL synchronous_commit = local; SELECT pg_logical_emit_message(true, 'heartbeat', '')"


class Database:
    """One connection to the PostgreSQL of this pod, as its superuser; made anew when it breaks."""

    def __init__(self, dsn: str) -> None:
        self.dsn = dsn
        self.connection = None

    def run(self, statement: str):
        try:
            if self.connection is None or self.connection.closed:
                self.connection = psycopg2.connect(self.dsn, connect_timeout=SECONDS, application_name="watcher")
            with self.connection, self.connection.cursor() as cursor:
                cursor.execute(statement)
                return cursor.fetchall() if cursor.description else []
        except psycopg2.Error:
            self.close()
            raise

    def look(self) -> Look | None:
        """None while PostgreSQL does not answer."""
        try:
            return Look(*self.run(LOOK)[0])
        except psycopg2.Error:
            return None

    def beat(self) -> None:
        self.run(HEARTBEAT)

    def close(self) -> None:
        if self.connection is not None:
            self.connection.close()
        self.connection = None


def accepts_replication(host: str, port: int) -> str | None:
    """None where a standby could stream from there, else the reason why not."""
    known = credentials()["replication"]
    try:
        connection = psycopg2.connect(
            host=host,
            port=port,
            user=known["username"],
            password=known["password"],
            connect_timeout=SECONDS,
            connection_factory=psycopg2.extras.PhysicalReplicationConnection,
        )
    except psycopg2.Error as error:
        return str(error).strip()
    connection.close()
    return None
