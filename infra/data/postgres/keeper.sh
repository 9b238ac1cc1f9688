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
# Whether this member led at the last round.
leading=false
# Left by pgbackrest-push.sh.
dropped="${PGDATA}/wal-dropped"
# Its time is when the newest full backup ended: the exporter reads it (queries.yaml).
newest="${PGDATA}/backup-newest"
# For expirer.sh.
failed="/tmp/pgbackrest-backup-failed"

log() { echo "keeper: $*"; }
is_primary() { curl --silent --output /dev/null --fail --max-time 2 "${api}/primary"; }

# Two words: the age of the newest full backup in seconds, without any more than any limit; and the first eight digits of the
# name of the WAL that the newest backup of any kind began with, which are its timeline, nothing without one.
newest_backups() {
  pgbackrest --stanza="${stanza}" --output=json info | python3 -c '
import json, sys, time
found = [b for s in json.load(sys.stdin) for b in s.get("backup", []) if not b.get("error")]
stop = lambda b: b["timestamp"]["stop"]
full = [stop(b) for b in found if b["type"] == "full"]
print(int(time.time()) - max(full) if full else 10**9, max(found, key=stop)["archive"]["start"][:8] if found else "")'
}

# A store that remembers another, lost cluster under this name is told of the new one.
ensure_stanza() {
  pgbackrest --stanza="${stanza}" stanza-create || pgbackrest --stanza="${stanza}" stanza-upgrade
}

keep_backups() {
  local found age timeline
  store_answers own || { log "the backup store does not answer"; return 1; }
  ensure_stanza || return 1
  if [ -e "${dropped}" ]; then
    log "a full backup, for WAL was dropped at $(cat "${dropped}") while the store was away: no time after it can be restored until this backup ends"
    full_backup && rm -f "${dropped}"
    return
  fi
  found="$(newest_backups)" || return 1
  read -r age timeline <<<"${found}"
  note_newest "${age}"
  if [ "${age}" -lt $((BACKUP_EVERY_HOURS * 3600)) ]; then
    keep_timeline "${timeline}"
    return
  fi
  log "taking a full backup"
  full_backup
}

# A primary that fails takes WAL with it that is whole and not archived, and the member that follows it does not archive
# what it received: a recovery would end there. A backup of the new timeline needs nothing from before it.
# $1: the timeline of the newest backup.
keep_timeline() {
  local timeline
  timeline="$(running_timeline)" || return 1
  [ "${timeline}" = "$1" ] && return 0
  log "taking an incremental backup, the first of timeline ${timeline}"
  backup incr && log "incremental backup done"
}

# The first eight digits of the name of the WAL that is written now.
running_timeline() {
  psql --no-psqlrc --no-align --tuples-only --host=/var/run/postgresql --username=postgres \
    --command="select left(pg_walfile_name(pg_current_wal_lsn()), 8)"
}

# Without any backup, the epoch: older than any limit.
note_newest() {
  local ended=$(($(date +%s) - $1))
  touch --date "@$((ended > 0 ? ended : 0))" "${newest}"
}

full_backup() {
  backup full || return 1
  note_newest 0
  log "full backup done"
}

# What is left of one that failed may have to be removed before the next: that is the expirer's, where there is one.
backup() { pgbackrest --stanza="${stanza}" --type="$1" backup || { touch "${failed}"; return 1; }; }

trap 'exit 0' TERM INT
while true; do
  now="$(date +%s)"
  if ! is_primary; then
    leading=false
  elif [ "${leading}" = false ] || [ "${now}" -ge "${next_backup_check}" ] || [ -e "${dropped}" ]; then
    leading=true
    if keep_backups; then wait_seconds="${backup_check_seconds}"; else wait_seconds="${retry_seconds}"; fi
    next_backup_check=$(($(date +%s) + wait_seconds))
  fi
  # In the background, so that the trap is heard at once.
  sleep "${round_seconds}" &
  wait $!
done
