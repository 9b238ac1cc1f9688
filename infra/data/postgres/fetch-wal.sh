#!/bin/bash
# restore_command: fetches one WAL segment or history file (%f) to where PostgreSQL wants it (%p).
#   fetch-wal.sh own|source %f %p    while a cluster is restored from its own store, or from another stack's
#   fetch-wal.sh standby %f %p       beside a primary
#   fetch-wal.sh follow %f %p        in a stack that follows another one's store
set -uo pipefail
# shellcheck source=stores.sh
. /opt/scripts/stores.sh

origin="$1" file="$2" target="$3"

# A standby that streams needs nothing from the store, and neither a promotion nor a store that is away may wait for it: what it
# does not find here it gets from its primary. watcher/standby.py takes the file away when it does not stream.
if [ "${origin}" = standby ]; then
  [ ! -e /var/run/postgresql/streams ] || exit 1
  store_answers own 2 || exit 1
  store own --log-level-console=error archive-get "${file}" "${target}"
  status=$?
  [ "${status}" = 0 ] && exit 0
  exit 1
fi

# A stack that follows asks again and again, so that "no" costs nothing: of a file that is not there yet, and of a store that is
# away, whose stack may be lost, so that a promotion must go on with what there is. But a promotion ends at the first "no": a
# store that answers, and fails, is asked again.
if [ "${origin}" = follow ]; then
  for _ in 1 2 3; do
    store_answers source 5 || exit 1
    store source --log-level-console=error archive-get "${file}" "${target}"
    status=$?
    if ((status <= 1)); then exit "${status}"; fi
    echo "fetch-wal: archive-get of ${file} from the followed store ended with ${status}" >&2
    sleep 2
  done
  exit 1
fi

# PostgreSQL takes every exit status up to 125 for "there is no such file" and ends its recovery, so that one answer that the store
# owed would lose all that was archived after it. Only pgBackRest's own "not found" (1) may say that; anything else is tried
# again, and then stops PostgreSQL (a status above 125, see its documentation of restore_command), for Patroni to begin anew.
for _ in 1 2 3 4 5 6; do
  store "${origin}" archive-get "${file}" "${target}"
  status=$?
  if ((status <= 1)); then exit "${status}"; fi
  echo "fetch-wal: archive-get of ${file} ended with ${status}; trying again" >&2
  sleep 5
done
exit 200
