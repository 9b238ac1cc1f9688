#!/bin/bash
# Makes a standby from the backup store: always where there is no primary to copy from, else where that is less work than a copy
# of the primary. Patroni tries the next way (basebackup) when this one fails.
# Arguments: --scope=… --role=replica --datadir=… --connstring=…, the last empty without a primary. With --origin=source the first
# member of a stack that follows another one's store (`backups.standby`).
set -euo pipefail
# shellcheck source=stores.sh
. /opt/scripts/stores.sh

datadir="" connstring="" origin="own"
for argument in "$@"; do
  case "${argument}" in
    --datadir=*) datadir="${argument#--datadir=}" ;;
    --connstring=*) connstring="${argument#--connstring=}" ;;
    --origin=*) origin="${argument#--origin=}" ;;
  esac
done
[ -n "${datadir}" ] || { echo "replica-from-store: no --datadir was given" >&2; exit 2; }

refuse() {
  echo "replica-from-store: $*" >&2
  exit 1
}

store_answers own || refuse "the backup store does not answer"
if [ "${origin}" = source ]; then
  # What a standby archives after its promotion would collide with what another life of this stack has left there.
  left="$(store own repo-ls archive/main)$(store own repo-ls backup/main)" || refuse "the stack's own store cannot be listed"
  [ -z "${left}" ] || refuse "the stack's own store is not empty: give a standby a new bucket, or move archive/main and backup/main away"
elif [ -z "${connstring}" ] && [ -n "${RESTORE_ENDPOINT:-}" ] && [ "$(store_status own)" != 0 ]; then
  # The volume of a standby is lost, or of a stack that was just promoted: all it has is still in the store that it follows.
  origin="source"
fi

if [ -n "${connstring}" ] && ! store own --output=json info | python3 /opt/scripts/store.py is-less-work; then
  echo "replica-from-store: a copy of the primary is less work"
  exit 1
fi
fetch="standby"
if [ "${origin}" = source ]; then
  store_answers source || refuse "the store to follow, ${RESTORE_ENDPOINT}, does not answer"
  fetch="follow"
fi
echo "replica-from-store: restoring the newest backup"
rm -rf "${datadir}"
install -d -m 0700 "${datadir}"
store "${origin}" --type=standby --target-timeline=latest --recovery-option=restore_command="/opt/scripts/fetch-wal.sh ${fetch} %f \"%p\"" restore
