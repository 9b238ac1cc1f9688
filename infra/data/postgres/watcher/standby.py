"""Whether a standby may answer, and what is done for one that will not come back by itself."""

import json
import os
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

from member import Look, Patroni, accepts_replication
from store import SEGMENT, archived_segment

# A standby that neither streams nor gets on for so long is rebuilt, if its primary would let it stream.
STUCK_SECONDS = 60
# The same for one whose PostgreSQL does not run, or still starts: replaying much after a crash takes its time.
DOWN_SECONDS = 120
STARTING_SECONDS = 900
# Without a leader for so long Patroni has found nobody who may lead: an election takes seconds.
LEADERLESS_SECONDS = 30
# The newest position has to stay for so long before it counts as the end of what can be had.
SETTLED_SECONDS = 8

# While this file is there, a standby does not ask the store for what its primary would send: a promotion asks too, and each
# question would lengthen the gap without writes.
STREAMS = Path(os.environ.get("STREAMS_FILE", "/var/run/postgresql/streams"))
# After so long without a stream, while a primary is there, it asks the store.
ASK_STORE_SECONDS = 10

BUSY = ("creating replica", "initializing new cluster", "running custom bootstrap script", "stopping")


class Readiness:
    """
    A primary may answer. A standby may once it streams, and then until what it has replayed is older than the bound. What
    follows another stack's store has no callers yet: how old its data is, an alert tells.
    """

    def __init__(self, most_lag_seconds: float) -> None:
        self.most_lag_seconds = most_lag_seconds
        self.ready = False
        self.reason = "has not looked yet"

    def note(self, look: Look | None) -> None:
        young = look is not None and look.age is not None and look.age < self.most_lag_seconds
        if look is None:
            self._set(False, "PostgreSQL does not answer")
        elif not look.recovering:
            self._set(True, "primary")
        elif look.streaming:
            self._set(True, "streams")
        elif look.follows:
            self._set(True, "follows another stack's store")
        elif self.ready and young:
            self._set(True, f"does not stream; replayed what is {look.age:.0f} s old")
        else:
            self._set(False, "does not stream, and what it has replayed is too old")

    def _set(self, ready: bool, reason: str) -> None:
        self.ready, self.reason = ready, reason


class Progress:
    """How long nothing has changed. What changes is a mark: positions, or a state."""

    def __init__(self, now: float) -> None:
        self.mark: object = None
        self.since = now

    def note(self, now: float, mark: object, well: bool = False) -> float:
        if well or mark != self.mark:
            self.mark, self.since = mark, now
        return now - self.since


def patience(look: Look | None, state: str) -> float | None:
    """Seconds without progress after which this standby is rebuilt; None where it is well or busy."""
    if look is not None:
        return None if look.streaming or look.follows or not look.recovering else STUCK_SECONDS
    if state in BUSY:
        return None
    return STARTING_SECONDS if state == "starting" else DOWN_SECONDS


def mark_stream(streaming: bool, silent: float, has_leader: bool) -> None:
    """Tells fetch-wal.sh whether this member gets its write-ahead log from another one."""
    if streaming:
        STREAMS.touch()
    elif has_leader and silent > ASK_STORE_SECONDS:
        STREAMS.unlink(missing_ok=True)


def leader_of(cluster: dict) -> dict | None:
    return next((m for m in cluster.get("members", []) if m.get("role") in ("leader", "standby_leader")), None)


def rebuild(patroni: Patroni, cluster: dict, log) -> bool:
    """
    Has Patroni make this member anew. Its data is removed first: only where the leader runs and would let it stream, so that
    neither a primary nor a network that is away costs a copy.
    """
    leader = leader_of(cluster)
    if cluster.get("pause") or leader is None or leader.get("state") != "running":
        return False
    refusal = accepts_replication(leader["host"], leader["port"])
    if refusal:
        log(f"does not stream, and cannot be rebuilt: {leader['name']} refuses: {refusal}")
        return False
    status, answer = patroni.send("POST", "/reinitialize", {"force": True})
    log(f"rebuilding this member: {status} {answer}")
    return status == 200


def furthest(name: str, members: int, states: dict[str, dict]) -> str | None:
    """
    The member that got furthest, of those that all answer and wait as standbys; None where one is missing, for that one may
    have more. `states`: Patroni's status by member.
    """
    if len(states) < members or name not in states:
        return None
    if any(s.get("state") != "running" or s.get("role") != "replica" for s in states.values()):
        return None
    return max(sorted(states), key=lambda member: positions(states[member]))


def positions(state: dict) -> int:
    xlog = state.get("xlog") or {}
    return max(xlog.get("received_location") or 0, xlog.get("replayed_location") or 0)


def has_all_archived(replayed: int) -> bool:
    """Whether everything that the store has was replayed. Without an answer of the store: no."""
    probe = subprocess.run(["/opt/scripts/probe-store.sh"], check=False)
    if probe.returncode != 0:
        return False
    command = ["pgbackrest", "--stanza=main", "--output=json", "info"]
    info = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)
    return info.returncode == 0 and replayed // SEGMENT >= archived_segment(json.loads(info.stdout))


def lead(patroni: Patroni, name: str, members: int, cluster: dict, log) -> None:
    """
    Ends a deadlock: after all volumes were lost every member comes from the store, each is further behind than Patroni's last
    note of the lost primary allows, and none is elected. Where all members are there and none has more, the furthest leads.
    """
    if cluster.get("pause") or leader_of(cluster) is not None:
        return
    states = {}
    for member in cluster.get("members", []):
        where = urlsplit(member["api_url"])
        status, state = Patroni(f"http://{where.netloc}").get("/patroni")
        if status:
            states[member["name"]] = state
    if furthest(name, members, states) != name or not has_all_archived(positions(states[name])):
        return
    status, answer = patroni.send("POST", "/failover", {"candidate": name}, seconds=60)
    log(f"no member has more than this one, which takes the lead: {status} {answer}")
