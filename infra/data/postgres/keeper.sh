#!/bin/bash
# Beside each member: on the primary only, keeps the backup store's newest full backup young enough.
set -uo pipefail
# shellcheck source=stores.sh
. /opt/scripts/stores.sh

stanza="main"
api="http://127.0.0.1:8008"
round_seconds=10
backup_check_seconds=300
retry_seconds=20
next_backup_check=0
# Left by pgbackrest-push.sh.
dropped="${PGDATA}/wal-dropped"

log() { echo "keeper: $*"; }
is_primary() { curl --silent --output /dev/null --fail --max-time 2 "${api}/primary"; }

# Age of the newest full backup in seconds; without any, more than any limit.
backup_age() {
  pgbackrest --stanza="${stanza}" --output=json info | python3 -c '
import json, sys, time
found = json.load(sys.stdin)
stops = [b["timestamp"]["stop"] for s in found for b in s.get("backup", []) if b["type"] == "full" and not b.get("error")]
print(int(time.time()) - max(stops) if stops else 10**9)'
}

# A store that remembers another, lost cluster under this name is told of the new one.
ensure_stanza() {
  pgbackrest --stanza="${stanza}" stanza-create || pgbackrest --stanza="${stanza}" stanza-upgrade
}

keep_backups() {
  local age
  store_answers own || { log "the backup store does not answer"; return 1; }
  ensure_stanza || return 1
  if [ -e "${dropped}" ]; then
    log "a full backup, for WAL was dropped at $(cat "${dropped}") while the store was away: no time after it can be restored until this backup ends"
    full_backup && rm -f "${dropped}"
    return
  fi
  age="$(backup_age)" || return 1
  [ "${age}" -lt $((BACKUP_EVERY_HOURS * 3600)) ] && return 0
  log "taking a full backup"
  full_backup
}

full_backup() { pgbackrest --stanza="${stanza}" --type=full backup && log "full backup done"; }

trap 'exit 0' TERM INT
while true; do
  now="$(date +%s)"
  if { [ "${now}" -ge "${next_backup_check}" ] || [ -e "${dropped}" ]; } && is_primary; then
    if keep_backups; then wait_seconds="${backup_check_seconds}"; else wait_seconds="${retry_seconds}"; fi
    next_backup_check=$(($(date +%s) + wait_seconds))
  fi
  # In the background, so that the trap is heard at once.
  sleep "${round_seconds}" &
  wait $!
done
