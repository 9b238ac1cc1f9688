"""Applies what Kubernetes has mounted anew: Patroni's settings, and on the primary the shared ones and the roles."""

import hashlib
import json
import subprocess
from pathlib import Path

from member import Patroni

FOLDERS = ("/etc/patroni", "/run/secrets/patroni", "/run/secrets/roles")
SCRIPTS = "/opt/scripts"
SHARED = Path("/etc/patroni/shared.json")
PSQL = ["psql", "--no-psqlrc", "--quiet", "--tuples-only", "--set=ON_ERROR_STOP=1", "--dbname=postgres"]


def digest(folders=FOLDERS) -> str:
    """Of the files' content: Kubernetes swaps them all whenever one of a mount changes."""
    total = hashlib.sha256()
    for folder in folders:
        for file in sorted(Path(folder).glob("[!.]*")):
            total.update(str(file).encode() + b"\0" + file.read_bytes())
    return total.hexdigest()


class Files:
    """Remembers what was applied: to this member, and to the cluster, which only its primary changes."""

    def __init__(self, patroni: Patroni, log) -> None:
        self.patroni, self.log = patroni, log
        self.member = ""
        self.cluster = ""

    def apply(self, is_primary: bool) -> None:
        now = digest()
        if now != self.member:
            # The superuser's and the replication's new passwords are in Patroni's hands before they count.
            status, answer = self.patroni.send("POST", "/reload", None)
            if status not in (200, 202):
                self.log(f"Patroni did not reload: {status} {answer}")
                return
            self.member = now
        if is_primary and now != self.cluster and self._to_cluster():
            self.cluster = now
            self.log("settings and roles applied")

    def _to_cluster(self) -> bool:
        status, answer = self.patroni.send("PATCH", "/config", json.loads(SHARED.read_text(encoding="utf-8")))
        if status != 200:
            self.log(f"Patroni did not take the shared settings: {status} {answer}")
            return False
        return self._run("roles.sql")

    def retire(self) -> None:
        """Takes away logins whose time is over."""
        self._run("retire.sql")

    def _run(self, name: str) -> bool:
        command = [*PSQL, f"--file={SCRIPTS}/{name}"]
        done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)
        if done.returncode != 0:
            # psql's messages name roles and lines, never the values of variables.
            self.log(f"{name} failed: {done.stderr.strip()}")
        return done.returncode == 0
