"""Applies what Kubernetes has mounted anew: Patroni's settings, those that members share, and on the primary the roles."""

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


def to_share(settings: dict, follows: bool) -> dict:
    """
    The settings for Patroni. A cluster that does not follow already, from its first start on, is never told to: it would stop
    taking writes.
    """
    if not follows and settings.get("standby_cluster"):
        return {name: value for name, value in settings.items() if name != "standby_cluster"}
    return settings


class Files:
    """Remembers what was applied: to this member; by its leader to the cluster; and by its primary to the roles."""

    def __init__(self, patroni: Patroni, log) -> None:
        self.patroni, self.log = patroni, log
        self.member = ""
        self.shared: tuple = ()
        self.roles = ""

    def apply(self, leads: bool, is_primary: bool, follows: bool) -> None:
        now = digest()
        if now != self.member:
            # The superuser's and the replication's new passwords are in Patroni's hands before they count.
            status, answer = self.patroni.send("POST", "/reload", None)
            if status not in (200, 202):
                self.log(f"Patroni did not reload: {status} {answer}")
                return
            self.member = now
        if leads and (now, follows) != self.shared and self._share(follows):
            self.shared = (now, follows)
            self.log("settings applied")
        # The roles of a stack that follows are those of the followed one, until it is promoted.
        if leads and is_primary and now != self.roles and self._run("roles.sql"):
            self.roles = now
            self.log("roles applied")

    def _share(self, follows: bool) -> bool:
        settings = json.loads(SHARED.read_text(encoding="utf-8"))
        share = to_share(settings, follows)
        if share != settings:
            self.log("REFUSED to follow another stack, for this one has data of its own: take backups.standby back (docs/recovery.md)")
        status, answer = self.patroni.send("PATCH", "/config", share)
        if status != 200:
            self.log(f"Patroni did not take the shared settings: {status} {answer}")
        return status == 200

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
