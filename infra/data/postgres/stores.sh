#!/bin/bash
# Read by the other scripts: the stack's own backup store, and the one it is restored from or follows (`backups.restoreFrom`),
# which is only ever read.

# Runs pgBackRest on a store: store own|source ARGUMENT…
store() {
  local origin="$1"
  shift
  if [ "${origin}" = source ]; then
    pgbackrest --config=/etc/pgbackrest/source.conf --config-include-path=/run/secrets/pgbackrest-source --stanza=main "$@"
  else
    pgbackrest --stanza=main "$@"
  fi
}

# Whether a store answers at all, in seconds instead of the minutes that pgBackRest keeps trying: store_answers own|source [SECONDS]
# An answer that asks for a signature (403) is an answer.
store_answers() {
  local endpoint="${BACKUP_ENDPOINT}" ca=/etc/pgbackrest/ca.pem authority=()
  if [ "$1" = source ]; then
    endpoint="${RESTORE_ENDPOINT}"
    ca=/etc/pgbackrest/source-ca.pem
  fi
  [ -s "${ca}" ] && authority=(--cacert "${ca}")
  curl --silent --output /dev/null --max-time "${2:-5}" "${authority[@]}" "${endpoint}/"
}

# 0: usable backup. 1: no stanza. 2: stanza without a backup. 3: stanza without its data.
store_status() {
  store "$1" --output=json info \
    | python3 -c 'import json, sys; found = json.load(sys.stdin); print(found[0]["status"]["code"] if found else 1)'
}
