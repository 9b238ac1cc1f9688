"""The repository of backups, by pgBackRest: what it holds, and a restore from it."""

import json
import re
import subprocess
from dataclasses import dataclass

from failure import Failure

SEGMENT = 16 * 1024 * 1024
SEGMENTS_PER_LOG = 2**32 // SEGMENT
SEGMENT_NAME = re.compile(r"(?:^|/)([0-9A-F]{24})-[0-9a-f]{40}")
HISTORY_NAME = re.compile(r"(?:^|/)([0-9A-F]{8})\.history$")

# What pgBackRest says, and what that means. The first that matches counts.
AWAY = (r"HostConnectError|unable to connect|unable to get address|timeout connecting|ServiceError|\b5\d\d \(", "store-unreachable")
# Of the list of backups: it is read first, by every command.
MEANINGS_OF_LIST = (AWAY, (r"CryptoError|cipher|unable to flush|decrypt|unable to load info file", "wrong-key"))
# Of a restore: the list was read before, so that the key is the right one.
MEANINGS_OF_RESTORE = (AWAY, (r"manifest", "manifest-damaged"))


@dataclass(frozen=True)
class Backup:
    """A backup that ended. Times are seconds since 1970."""

    label: str
    start: int
    stop: int
    database_bytes: int
    stored_bytes: int
    system_id: int
    archive_id: str
    first_segment: str


@dataclass(frozen=True)
class Archive:
    """The archived WAL: names of segments and history files."""

    segments: frozenset[str]
    histories: frozenset[int]

    @property
    def newest(self) -> str:
        return max(self.segments)

    @property
    def timeline(self) -> int:
        """The newest: of a primary that was promoted just now only the history file is there."""
        return max([int(name[:8], 16) for name in self.segments] + list(self.histories))


def number_of(segment: str) -> int:
    """Number of a segment in the whole log, whatever its timeline."""
    return int(segment[8:16], 16) * SEGMENTS_PER_LOG + int(segment[16:24], 16)


def number_at(lsn: str) -> int:
    high, low = lsn.split("/")
    return ((int(high, 16) << 32) + int(low, 16)) // SEGMENT


def meaning_of(text: str, meanings: tuple, default: str) -> str:
    return next((name for pattern, name in meanings if re.search(pattern, text, re.IGNORECASE)), default)


def last_error(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if "ERROR" in line] or text.strip().splitlines()[-1:]
    return " ".join(lines)[:600]


class Repository:
    """One stanza. `options` come before those of each command."""

    def __init__(self, options: tuple[str, ...] = ()) -> None:
        self.command = ["pgbackrest", "--stanza=main", *options]

    def run(self, *arguments: str, meanings: tuple = MEANINGS_OF_LIST, default: str = "store-unreachable") -> str:
        command = [*self.command, *arguments]
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
        if done.returncode != 0:
            said = done.stderr + done.stdout
            raise Failure(meaning_of(said, meanings, default), f"pgbackrest {arguments[-1]}: {last_error(said)}")
        return done.stdout

    def backups(self) -> list[Backup]:
        """All backups without an error, oldest first."""
        # A message of pgBackRest's libraries in it may have bytes that JSON forbids.
        found = json.loads(self.run("--output=json", "info"), strict=False)
        for stanza in found:
            if stanza["status"]["code"] != 99:
                continue
            messages = " ".join(repo["status"]["message"] for repo in stanza.get("repo", [])) or stanza["status"]["message"]
            raise Failure(meaning_of(messages, MEANINGS_OF_LIST, "store-unreachable"), f"pgbackrest info: {messages[:600]}")
        made = [
            Backup(
                label=one["label"],
                start=one["timestamp"]["start"],
                stop=one["timestamp"]["stop"],
                database_bytes=one["info"]["size"],
                stored_bytes=one["info"]["repository"].get("size", one["info"]["repository"]["delta"]),
                system_id=system_ids(stanza)[one["database"]["id"]],
                archive_id=archive_ids(stanza)[one["database"]["id"]],
                first_segment=one["archive"]["start"],
            )
            for stanza in found
            for one in stanza.get("backup", [])
            if not one.get("error")
        ]
        return sorted(made, key=lambda one: one.stop)

    def archive(self, backup: Backup) -> Archive:
        """What is archived for the database of a backup."""
        path = f"archive/main/{backup.archive_id}"
        names = json.loads(self.run("--output=json", "--recurse", "repo-ls", path))
        segments = {match[1] for name in names if (match := SEGMENT_NAME.search(name))}
        histories = {int(match[1], 16) for name in names if (match := HISTORY_NAME.search(name))}
        if not segments:
            raise Failure("wal-missing", f"no WAL is archived for backup {backup.label}")
        return Archive(frozenset(segments), frozenset(histories))

    def history(self, archive: Archive, folder: str) -> str:
        """Text of the newest timeline's history file; empty where it is the first, or the file is not there."""
        if archive.timeline not in archive.histories:
            return ""
        path = f"{folder}/history"
        self.run(f"--pg1-path={folder}", "archive-get", f"{archive.timeline:08X}.history", path)
        with open(path, encoding="utf-8") as file:
            return file.read()

    def restore(self, backup: Backup, folder: str, target: str | None) -> None:
        """Puts the backup into a folder, with what PostgreSQL needs to recover to `target` (a time), or to the end."""
        get = " ".join([*self.command, f"--pg1-path={folder}", "archive-get", "%f", '"%p"'])
        # PostgreSQL takes every status up to 125 for "there is no such file" and would end its recovery too soon. Only
        # pgBackRest's own "not found" (1) may say that.
        fetch = f"{get}; status=$?; [ $status -le 1 ] && exit $status; exit 200"
        names = json.loads(self.run("--output=json", "repo-ls", f"backup/main/{backup.label}"))
        if "backup.manifest" not in names:
            raise Failure("backup-empty", f"backup {backup.label} is in the list, but its manifest is not in the store")
        until = ["--type=time", f"--target={target}", "--target-action=promote"] if target else ["--type=default"]
        self.run(
            f"--pg1-path={folder}",
            f"--set={backup.label}",
            # What is restored here must never write to the store.
            "--archive-mode=off",
            "--target-timeline=latest",
            f"--recovery-option=restore_command={fetch}",
            *until,
            "restore",
            meanings=MEANINGS_OF_RESTORE,
            default="backup-damaged",
        )


def system_ids(stanza: dict) -> dict[int, int]:
    return {one["id"]: one["system-id"] for one in stanza["db"]}


def archive_ids(stanza: dict) -> dict[int, str]:
    return {one["database"]["id"]: one["id"] for one in stanza["archive"]}


def name_of(timeline: int, number: int) -> str:
    return f"{timeline:08X}{number // SEGMENTS_PER_LOG:08X}{number % SEGMENTS_PER_LOG:08X}"


def switches_in(history: str) -> list[tuple[int, int]]:
    """Timelines before the one that a history file is of: each with the number of the segment in which the next one begins."""
    rows = [line.split("\t") for line in history.splitlines() if re.match(r"\d+\t", line)]
    return [(int(row[0]), number_at(row[1])) for row in rows]


def check_archive(backup: Backup, archive: Archive, history: str) -> None:
    """
    @param history text of the newest timeline's history file; empty on the first timeline
    @raises Failure where a segment or a history file is missing between the backup's begin and the newest one
    """
    began = int(backup.first_segment[:8], 16)
    lost = [number for number in range(began + 1, archive.timeline + 1) if number not in archive.histories]
    if lost:
        names = ", ".join(f"{number:08X}.history" for number in lost)
        raise Failure("history-missing", f"{names} is missing in the archive, which has WAL of timeline {archive.timeline}")
    switches = switches_in(history)

    def timeline_at(number: int) -> int:
        # The segment in which a timeline ends is on the next one again, from its begin.
        return next((timeline for timeline, end in switches if number < end), archive.timeline)

    last = max(number_of(name) for name in archive.segments)
    newest = [number_of(name) for name in archive.segments if int(name[:8], 16) == archive.timeline]
    if newest:
        last = max(newest)
    elif switches:
        # Nothing of the newest timeline is archived yet: what is before its begin.
        last = min(last, switches[-1][1] - 1)
    wanted = [name_of(timeline_at(number), number) for number in range(number_of(backup.first_segment), last + 1)]
    missing = [name for name in wanted if name not in archive.segments]
    if missing:
        raise Failure("wal-missing", f"{len(missing)} WAL segments are missing in the archive, the first is {missing[0]}")
