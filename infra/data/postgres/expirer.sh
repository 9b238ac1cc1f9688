#!/bin/bash
# Beside each member, with keys of its own (`backups.expiry`): on the primary only, removes from the backup store what is not
# kept any more. The keys of PostgreSQL and of the keeper cannot delete there.
set -uo pipefail

stanza="main"
api="http://127.0.0.1:8008"
round_seconds=10
expire_seconds=300
retry_seconds=20
next_expire=0
# Left by keeper.sh; both containers see it.
failed="/tmp/pgbackrest-backup-failed"

log() { echo "expirer: $*"; }
is_primary() { curl --silent --output /dev/null --fail --max-time 2 "${api}/primary"; }
files() { pgbackrest --stanza="${stanza}" repo-ls --filter="$2" "backup/${stanza}$1"; }
is_backup_running() {
  pgbackrest --stanza="${stanza}" --output=json info | python3 -c '
import json, sys
sys.exit(0 if any(s["status"]["lock"]["backup"]["held"] for s in json.load(sys.stdin)) else 1)'
}

# Backups that did not end have no manifest. pgBackRest removes such a one before it begins the next, for which the keeper
# has no right. One that runs was listed before it was known to run, so that it is left alone.
remove_unfinished() {
  local label labels found unfinished=()
  labels="$(files "" '^[0-9]{8}-[0-9]{6}F')" || return 1
  for label in ${labels}; do
    found="$(files "/${label}" '^backup\.manifest$')" || return 1
    [ -n "${found}" ] || unfinished+=("${label}")
  done
  [ "${#unfinished[@]}" -gt 0 ] || return 0
  if is_backup_running; then return 0; fi
  for label in "${unfinished[@]}"; do
    log "removing backup ${label}, which did not end"
    pgbackrest --stanza="${stanza}" repo-rm --recurse "backup/${stanza}/${label}" || return 1
  done
}

trap 'exit 0' TERM INT
while true; do
  now="$(date +%s)"
  if is_primary && { [ -e "${failed}" ] || [ "${now}" -ge "${next_expire}" ]; }; then
    wait_seconds="${retry_seconds}"
    # pgBackRest refuses to expire while a backup runs here.
    if remove_unfinished && rm -f "${failed}" && pgbackrest --stanza="${stanza}" expire; then wait_seconds="${expire_seconds}"; fi
    next_expire=$(($(date +%s) + wait_seconds))
  fi
  # In the background, so that the trap is heard at once.
  sleep "${round_seconds}" &
  wait $!
done
