#!/bin/bash
# Before a member is stopped: a master takes no more writes, waits until a replica has all of them, and has the sentinels make
# it the master. What was acknowledged is there. Kubernetes waits for this, within the pod's grace; where no replica follows
# it is over at once, and writes wait for this member to come back.
set -euo pipefail
# shellcheck source=names.sh
. /opt/scripts/names.sh

PATIENCE_SECONDS=15
self="$(member_host "${POD_NAME##*-}")"

replication() { ask 127.0.0.1 6379 info replication | tr -d '\r'; }
field() { awk -F: -v name="$1" '$1 == name { print $2 }'; }
# A replica that is online and has got as far as this master.
is_in_step() {
  local found
  found="$(replication)"
  grep -Eq "^slave[0-9]+:.*state=online,offset=$(field master_repl_offset <<< "${found}"),"  <<< "${found}"
}

[ "$(replication | field role)" = master ] || exit 0
replication | grep -Eq '^slave[0-9]+:.*state=online,' || exit 0

# Longer than all that follows: what a client waits for is never acknowledged here.
ask 127.0.0.1 6379 client pause $((PATIENCE_SECONDS * 2000)) write
until is_in_step; do
  if ((SECONDS > PATIENCE_SECONDS)); then echo "hand-over: no replica is in step" >&2; exit 0; fi
  sleep 0.05
done
sentinel failover state || { echo "hand-over: the sentinels do not take over" >&2; exit 0; }
while [ "$(master_by_sentinel)" = "${self}" ] && ((SECONDS < PATIENCE_SECONDS)); do sleep 0.1; done
