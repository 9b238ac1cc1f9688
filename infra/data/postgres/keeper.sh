#!/bin/bash
# Beside each member: reloads Patroni when its files change and, on the primary only, keeps the cluster's shared settings
# as configured and the backup store's newest full backup young enough.
set -uo pipefail

stanza="main"
api="http://127.0.0.1:8008"
round_seconds=10
backup_check_seconds=300
retry_seconds=20
next_backup_check=0
applied_files=""

log() { echo "keeper: $*"; }
patroni() { curl --silent --show-error --fail --max-time 5 --config /run/secrets/patroni/curl.conf "$@"; }
is_primary() { curl --silent --output /dev/null --fail --max-time 2 "${api}/primary"; }

# Kubernetes swaps the files of a mounted ConfigMap; their content tells whether there is something to do.
apply_files() {
  local files
  files="$(cat /etc/patroni/* /run/secrets/patroni/* | sha256sum)"
  [ "${files}" = "${applied_files}" ] && return
  patroni --request POST "${api}/reload" > /dev/null || return
  if is_primary; then
    patroni --request PATCH --data @/etc/patroni/shared.json "${api}/config" > /dev/null || return
    # Clusters that were made before roles.sql did this.
    psql --no-psqlrc --quiet --dbname=media --command="CREATE EXTENSION IF NOT EXISTS pg_stat_statements" || return
    log "settings applied"
  fi
  applied_files="${files}"
}

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
  /opt/scripts/probe-store.sh || { log "the backup store does not answer"; return 1; }
  ensure_stanza || return 1
  age="$(backup_age)" || return 1
  [ "${age}" -lt $((BACKUP_EVERY_HOURS * 3600)) ] && return 0
  log "taking a full backup"
  pgbackrest --stanza="${stanza}" --type=full backup && log "full backup done"
}

trap 'exit 0' TERM INT
while true; do
  apply_files
  if [ "$(date +%s)" -ge "${next_backup_check}" ] && is_primary; then
    if keep_backups; then wait_seconds="${backup_check_seconds}"; else wait_seconds="${retry_seconds}"; fi
    next_backup_check=$(($(date +%s) + wait_seconds))
  fi
  # In the background, so that the trap is heard at once.
  sleep "${round_seconds}" &
  wait $!
done
