"""What a proof found wrong, by a fixed name and in a sentence."""

# The names, each with what to do first. docs/recovery.md explains them.
REMEDIES = {
    "store-unreachable": "look at the store and at the network policy; nothing is archived meanwhile",
    "wrong-key": "put the key back with which the store was written (backups.cipherPass)",
    "no-backup": "look at the log of the keeper beside the primary",
    "backup-stale": "look at the log of the keeper beside the primary",
    "clock-wrong": "compare the clocks of the nodes and of the store",
    "other-database": "the store has backups of another database: look at backups.bucket",
    "backup-damaged": "take a full backup now; look at the store's disks",
    "manifest-damaged": "take a full backup now; look at the store's disks",
    "backup-empty": "take a full backup now; something removed files from the store",
    "wal-missing": "take a full backup now: no point in time after the gap can be restored until it ends",
    "wal-damaged": "take a full backup now: no point in time after the damage can be restored until it ends",
    "history-missing": "bring the history file back from a member's pg_wal, or take a full backup now",
    "archive-behind": "look at pg_stat_archiver and at the primary's log: the store does not take the WAL",
    "recovery-failed": "read the log of the scratch server above",
    "ledger-broken": "rows are missing or changed: compare the ledger with the live one before anything is restored",
    "pages-damaged": "pg_amcheck names the relation: compare it with the live database",
    "upgrade-impossible": "mend what pg_upgrade names, or take an image with both versions, then rehearse again",
    "upgrade-failed": "read the job's log; the live database was not touched",
    "target-invalid": "choose a time between the first backup's end and the newest archived transaction",
}


class Failure(Exception):
    """The proof failed: `name` is one of REMEDIES."""

    def __init__(self, name: str, text: str) -> None:
        super().__init__(text)
        self.name = name
        self.text = text
        self.remedy = REMEDIES[name]
