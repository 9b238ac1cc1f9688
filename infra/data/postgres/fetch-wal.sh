#!/bin/bash
# restore_command: fetches one WAL segment or history file (%f) to where PostgreSQL wants it (%p).
# PostgreSQL takes every exit status up to 125 for "there is no such file" and ends its recovery, so that one answer that the store
# owed would lose all that was archived after it. Only pgBackRest's own "not found" (1) may say that; anything else is tried
# again, and then stops PostgreSQL (a status above 125, see its documentation of restore_command), for Patroni to begin anew.
set -uo pipefail

for _ in 1 2 3 4 5 6; do
  pgbackrest --stanza=main archive-get "$1" "$2"
  status=$?
  if ((status <= 1)); then exit "${status}"; fi
  echo "fetch-wal: archive-get of $1 ended with ${status}; trying again" >&2
  sleep 5
done
exit 200
