"""Metrics of runs that end: pushed to Pushgateway, and read back from there by the next run."""

import json
import time
import urllib.request

SECONDS = 5
JOB = "restore-proof"

HELP = {
    "backup_count": "Backups in the store that ended.",
    "backup_last_completed_timestamp_seconds": "When the newest backup ended.",
    "backup_last_duration_seconds": "How long the newest backup took.",
    "backup_last_size_bytes": "Size of the newest backup in the store.",
    "backup_last_wal_timestamp_seconds": "Newest transaction that the last proof recovered from the store.",
    "backup_last_proof_timestamp_seconds": "When a restore was last proved; 0 before the first proof.",
    "backup_proved_completed_timestamp_seconds": "When the backup ended that was proved last.",
    "backup_proof_passed": "Whether the last proof passed.",
    "backup_proof_duration_seconds": "How long the last proof took.",
    "backup_proof_recovered_lag_seconds": "Acknowledged work that a total loss at the last proof would have cost.",
    "backup_proof_ledger_rows": "Rows of the ledger that the last proof checked.",
}


class Pushgateway:
    """One group of series. A Pushgateway that is away is an error of the run: its result would be unseen."""

    def __init__(self, url: str, job: str = JOB) -> None:
        self.url = url
        self.job = job

    def read(self) -> dict[str, float]:
        with urllib.request.urlopen(f"{self.url}/api/v1/metrics", timeout=SECONDS) as answer:
            groups = json.load(answer)["data"]
        group = next((one for one in groups if one["labels"].get("job") == self.job), {})
        return {name: float(group[name]["metrics"][0]["value"]) for name in HELP if name in group}

    def push(self, values: dict[str, float], failure: str | None = None) -> None:
        lines = [
            f"# HELP {name} {HELP[name]}\n# TYPE {name} gauge\n{name} {values[name]!r}\n" for name in HELP if name in values
        ]
        name = "backup_proof_failure"
        lines.append(f"# HELP {name} What the last proof found.\n# TYPE {name} gauge\n")
        lines.append(f'{name}{{reason="{failure or "none"}"}} {int(failure is not None)}\n')
        put(f"{self.url}/metrics/job/{self.job}", lines)


# The names of drills/metric-names.ts; a test compares both.
DRILL_HELP = {
    "drill_rto_seconds": "Seconds from the fault of the newest drill to a verified journey.",
    "drill_rpo_seconds": "Seconds of acknowledged work that the newest drill lost.",
    "drill_passed": "Whether the newest drill passed.",
    "drill_last_run_timestamp_seconds": "When the newest drill ended.",
    "drill_duration_seconds": "How long the newest drill took.",
}


class Drills:
    """The figures of drills: one group of series for each kind, as drills/lib/metrics.ts leaves them."""

    def __init__(self, url: str) -> None:
        self.url = url

    def push(self, kind: str, result: dict, began: float) -> None:
        now = time.time()
        values = {
            "drill_rto_seconds": result.get("rtoSeconds"),
            "drill_rpo_seconds": result.get("rpoSeconds"),
            "drill_passed": float(result["passed"]),
            "drill_last_run_timestamp_seconds": now,
            "drill_duration_seconds": now - began,
        }
        lines = [
            f"# HELP {name} {DRILL_HELP[name]}\n# TYPE {name} gauge\n{name} {float(value)!r}\n"
            for name, value in values.items()
            if value is not None
        ]
        put(f"{self.url}/metrics/job/drill/kind/{kind}", lines)


def put(url: str, lines: list[str]) -> None:
    """Replaces a group of series."""
    request = urllib.request.Request(url, "".join(lines).encode(), {"Content-Type": "text/plain"}, method="PUT")
    with urllib.request.urlopen(request, timeout=SECONDS):
        pass
