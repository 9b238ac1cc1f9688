"""Settings that need a restart: the replicas first, one by one, then a switchover, which restarts the old primary."""

from datetime import datetime, timezone

from member import Patroni

# A member whose restart left the setting pending is not restarted for it again.
TRIES = 1


def within(hours: str, now: datetime) -> bool:
    """Whether `now` is in the hours of maintenance, "2-4" in UTC; "0-24" is always, "22-4" is over midnight."""
    first, last = (int(hour) for hour in hours.split("-"))
    return first <= now.hour < last if first <= last else now.hour >= first or now.hour < last


def is_well(member: dict) -> bool:
    return member.get("state") in ("running", "streaming")


def streams(member: dict) -> bool:
    return member.get("state") == "streaming"


def next_step(cluster: dict, tries: dict[str, int]) -> tuple[str, str] | None:
    """
    ("restart", member) or ("switchover", candidate), or nothing while a member is not back. A replica keeps a greater value
    than its primary's until that one has less: where a restart has not helped a replica, the primary is restarted in place.
    """
    members = cluster.get("members", [])
    leader = next((m for m in members if m.get("role") == "leader"), None)
    if leader is None or cluster.get("pause") or not is_well(leader):
        return None
    others = sorted((m for m in members if m is not leader), key=lambda m: m["name"])
    if any(not streams(m) for m in others):
        return None
    pending = [m for m in others if m.get("pending_restart")]
    for member in pending:
        if tries.get(member["name"], 0) < TRIES:
            return "restart", member["name"]
    if not leader.get("pending_restart") or tries.get(leader["name"], 0) >= TRIES:
        return None
    synchronous = [m["name"] for m in others if m.get("role") in ("sync_standby", "quorum_standby")]
    if pending or not synchronous:
        return "restart", leader["name"]
    return "switchover", synchronous[0]


class Restarts:
    """Runs on the primary only."""

    def __init__(self, patroni: Patroni, hours: str, log) -> None:
        self.patroni, self.hours, self.log = patroni, hours, log
        self.tries: dict[str, int] = {}

    def watch(self, cluster: dict) -> None:
        for member in cluster.get("members", []):
            if not member.get("pending_restart"):
                self.tries.pop(member["name"], None)
        if not within(self.hours, datetime.now(timezone.utc)):
            return
        step = next_step(cluster, self.tries)
        if step is None:
            return
        kind, name = step
        members = {m["name"]: m for m in cluster["members"]}
        leader = next(n for n, m in members.items() if m["role"] == "leader")
        if kind == "switchover":
            status, answer = self.patroni.send("POST", "/switchover", {"leader": leader, "candidate": name}, seconds=60)
        else:
            self.tries[name] = self.tries.get(name, 0) + 1
            if name == leader:
                # What the replicas could not take over before, they can now.
                self.tries = {name: self.tries[name]}
            url = members[name]["api_url"].removesuffix("/patroni")
            status, answer = Patroni(url).send("POST", "/restart", {"restart_pending": True}, seconds=90)
        self.log(f"a setting needs a restart: {kind} {name}: {status} {answer}")
