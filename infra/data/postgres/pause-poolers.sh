#!/bin/bash
# Patroni runs this before it stops PostgreSQL, and waits for it: a primary has the poolers hold their clients back until the next
# one takes writes (pgbouncer/follower.py). It must be short, and its failure stops nothing: a member that has lost its
# lease stops all the same.
set -uo pipefail

recovering="$(psql --no-psqlrc --no-align --tuples-only --host=/var/run/postgresql --username=postgres --command='select pg_is_in_recovery()')"
[ "${recovering}" = f ] || exit 0

for address in $(getent ahostsv4 "${FOLLOWERS}" | awk '{ print $1 }' | sort -u); do
  curl --silent --max-time 1.5 --request POST "http://${address}:${FOLLOWER_PORT}/pause" &
done
wait
echo
exit 0
