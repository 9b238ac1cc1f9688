#!/bin/bash
# Makes a new cluster's first data folder: from the newest backup if the store has one, else empty.
# Patroni runs it on one member only, and again if it fails. Arguments: --scope=… --datadir=…
set -euo pipefail

stanza="main"
datadir=""
for argument in "$@"; do
  case "${argument}" in
    --datadir=*) datadir="${argument#--datadir=}" ;;
  esac
done
[ -n "${datadir}" ] || { echo "bootstrap: no --datadir was given" >&2; exit 2; }

# No answer is not "no backup": starting empty beside an existing backup would lose the stack's data.
/opt/scripts/probe-store.sh || { echo "bootstrap: the backup store does not answer; Patroni will try again" >&2; exit 1; }

# 0: usable backup. 1: no stanza. 2: stanza without a backup. 3: stanza without its data.
status="$(pgbackrest --stanza="${stanza}" --output=json info \
  | python3 -c 'import json, sys; found = json.load(sys.stdin); print(found[0]["status"]["code"] if found else 1)')"

case "${status}" in
  0)
    echo "bootstrap: restoring the newest backup and all archived WAL"
    rm -rf "${datadir}"
    install -d -m 0700 "${datadir}"
    exec pgbackrest --stanza="${stanza}" --type=default --target-timeline=latest \
      --recovery-option=restore_command='/opt/scripts/fetch-wal.sh %f "%p"' restore
    ;;
  1 | 2 | 3)
    echo "bootstrap: the store holds no backup (status ${status}); starting empty"
    exec initdb --pgdata="${datadir}" --username=postgres --auth=peer --data-checksums --encoding=UTF8 --locale=C.UTF-8
    ;;
  *)
    echo "bootstrap: pgBackRest reports status ${status}; see: pgbackrest --stanza=${stanza} info" >&2
    exit 1
    ;;
esac
