#!/bin/bash
# Makes a new cluster's first data folder: from the newest backup of the stack's own store; where that has none, from the store
# that `backups.restoreFrom` names; else empty. Patroni runs it on one member only, and again if it fails.
# Arguments: --scope=… --datadir=…
set -euo pipefail
# shellcheck source=stores.sh
. /opt/scripts/stores.sh

datadir=""
for argument in "$@"; do
  case "${argument}" in
    --datadir=*) datadir="${argument#--datadir=}" ;;
  esac
done
[ -n "${datadir}" ] || { echo "bootstrap: no --datadir was given" >&2; exit 2; }

restore() {
  rm -rf "${datadir}"
  install -d -m 0700 "${datadir}"
  store "$1" --type=default --target-timeline=latest --recovery-option=restore_command="/opt/scripts/fetch-wal.sh $1 %f \"%p\"" restore
}

refuse() {
  echo "bootstrap: $*" >&2
  exit 1
}

# No answer is not "no backup": starting empty beside an existing backup would lose the stack's data.
store_answers own || refuse "the backup store does not answer; Patroni will try again"

status="$(store_status own)"
case "${status}" in
  0)
    echo "bootstrap: restoring the newest backup and all archived WAL"
    restore own
    exit
    ;;
  1 | 2 | 3) ;;
  *) refuse "pgBackRest reports status ${status}; see: pgbackrest --stanza=main info" ;;
esac

# The list of backups can be lost while the backups are there.
listing="$(store own repo-ls --recurse --output=json backup/main)" || refuse "the store's backups cannot be listed; Patroni will try again"
if python3 /opt/scripts/store.py has-backups <<< "${listing}"; then
  refuse "the store has backups whose backup.info is missing or lists none of them (status ${status}): bring it back from" \
    "the store's own versions, or move backup/main away to start empty"
fi

if [ -n "${RESTORE_ENDPOINT:-}" ]; then
  store_answers source || refuse "the store to restore from, ${RESTORE_ENDPOINT}, does not answer; Patroni will try again"
  status="$(store_status source)"
  [ "${status}" = 0 ] || refuse "the store to restore from, ${RESTORE_ENDPOINT}, has no usable backup (status ${status});" \
    "without backups.restoreFrom in its configuration the stack starts empty"
  echo "bootstrap: restoring the newest backup of ${RESTORE_ENDPOINT}"
  restore source
  exit
fi

echo "bootstrap: the store holds no backup (status ${status}); starting empty"
exec initdb --pgdata="${datadir}" --username=postgres --auth=peer --data-checksums --encoding=UTF8 --locale=C.UTF-8
