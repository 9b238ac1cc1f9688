"""Restores the stack's database beside the live one: the steps that the proof and a recovery have in common."""

import time
from dataclasses import dataclass

from failure import Failure
from repository import Archive, Backup, Repository, check_archive, number_at, number_of
from scratch import Scratch

# Two clocks of one cluster may differ by this much.
CLOCK_SECONDS = 60
RECOVERY_SECONDS = 3600


@dataclass(frozen=True)
class Restored:
    """What was restored. Times are seconds since 1970."""

    backup: Backup
    archive: Archive
    # When the newest recovered transaction was committed.
    recovered_to: float
    restore_seconds: float
    recover_seconds: float


def stamp(seconds: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def newest_before(backups: list[Backup], target: float | None, now: float) -> Backup:
    """@raises Failure where there is no backup, or none that the target can be reached from"""
    if not backups:
        raise Failure("no-backup", "the store has no backup that ended")
    if backups[-1].stop > now + CLOCK_SECONDS:
        raise Failure("clock-wrong", f"the newest backup ends {backups[-1].stop - now:.0f} s from now")
    if target is None:
        return backups[-1]
    if target > now:
        raise Failure("target-invalid", f"{stamp(target)} is after the last archived WAL: it is {stamp(now)} now")
    early = [backup for backup in backups if backup.stop <= target]
    if not early:
        raise Failure(
            "target-invalid",
            f"{stamp(target)} is before the first backup, which ended at {stamp(backups[0].stop)}",
        )
    return early[-1]


def restore(repository: Repository, scratch: Scratch, backup: Backup, target: float | None) -> Restored:
    """Restores and recovers, to the end of the archive or to the target. The caller clears the scratch folder."""
    archive = repository.archive(backup)
    scratch.clear()
    scratch.prepare()
    began = time.monotonic()
    repository.restore(backup, scratch.data, precise(target) if target else None)
    restored = time.monotonic()
    check_archive(backup, archive, repository.history(archive, scratch.data))
    scratch.start(RECOVERY_SECONDS)
    recovered = time.monotonic()
    if target is None:
        check_end(scratch, archive)
    newest = scratch.last_transaction() or backup.stop
    return Restored(backup, archive, newest, restored - began, recovered - restored)


def precise(seconds: float) -> str:
    """To the microsecond, as PostgreSQL counts."""
    whole = int(seconds)
    return f"{time.strftime('%Y-%m-%d %H:%M:%S', time.gmtime(whole))}.{round((seconds - whole) * 1e6):06d}+00"


def check_end(scratch: Scratch, archive: Archive) -> None:
    """@raises Failure where recovery ended before the newest archived segment"""
    # A failover meanwhile adds a timeline, which recovery follows too.
    end = scratch.redo_end()
    wanted = archive.newest
    reached = end is not None and number_at(end) >= number_of(wanted) and scratch.timeline() > archive.timeline
    # Where a record cannot be read PostgreSQL ends its recovery without an error. After the newest segment that is how it should be.
    unreadable = [lsn for lsn in scratch.unreadable() if number_at(lsn) <= number_of(wanted)]
    if not reached or unreadable:
        raise Failure("wal-damaged", f"recovery ended at {end}, before the newest archived segment {wanted}: {scratch.tail()}")
