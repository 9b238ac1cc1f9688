#!/bin/bash
# archive_command: hands one segment (%p) to pgBackRest, and leaves a mark where that has dropped it, because more was waiting
# than the volume may hold (archive-push-queue-max). The keeper takes a full backup as soon as the store answers, and takes
# the mark away; until then no point in time after the mark can be restored.
set -uo pipefail

said="$(pgbackrest --stanza=main archive-push "$1" 2>&1)"
status=$?
[ -z "${said}" ] || echo "${said}" >&2
case "${said}" in
  *"dropped WAL file"*)
    [ -e wal-dropped ] || date --utc --iso-8601=seconds > wal-dropped
    echo "archive: POINT-IN-TIME RECOVERY ENDS at $(cat wal-dropped): $1 was dropped, for the store is away and the volume would fill" >&2
    ;;
esac
exit "${status}"
