#!/bin/bash
# Makes a standby from the backup store: always where there is no primary to copy from, else where that is less work than a copy
# of the primary. Patroni tries the next way (basebackup) when this one fails.
# Arguments: --scope=… --role=replica --datadir=… --connstring=…, the last empty without a primary.
set -euo pipefail
# shellcheck source=stores.sh
. /opt/scripts/stores.sh

datadir="" connstring=""
for argument in "$@"; do
  case "${argument}" in
    --datadir=*) datadir="${argument#--datadir=}" ;;
    --connstring=*) connstring="${argument#--connstring=}" ;;
  esac
done
[ -n "${datadir}" ] || { echo "replica-from-store: no --datadir was given" >&2; exit 2; }

store_answers own || { echo "replica-from-store: the backup store does not answer" >&2; exit 1; }
if [ -n "${connstring}" ] && ! store own --output=json info | python3 /opt/scripts/store.py is-less-work; then
  echo "replica-from-store: a copy of the primary is less work"
  exit 1
fi
echo "replica-from-store: restoring the newest backup"
rm -rf "${datadir}"
install -d -m 0700 "${datadir}"
store own --type=standby --target-timeline=latest --recovery-option=restore_command='/opt/scripts/fetch-wal.sh standby %f "%p"' restore
