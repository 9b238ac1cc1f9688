#!/bin/bash
# Starts a sentinel on the member that is master now. Its file is a copy, because Sentinel rewrites it.
set -euo pipefail
# shellcheck source=names.sh
. /opt/scripts/names.sh

config=/tmp/sentinel.conf
# A member whose volume is attached late must have its chance; the liveness probe has the container started again after a minute.
PATIENCE_SECONDS=30
self="${POD_NAME}.redis-state-sentinel.${POD_NAMESPACE}.svc.cluster.local"

# The other sentinels know it; else it is the member that says so. A replica is never taken for it: a group that starts has
# replicas before it has its master, and a sentinel that watches one of them never agrees with the others.
find_master() {
  local index host known
  known="$(master_by_sentinel)"
  if [ -n "${known}" ]; then
    echo "${known}"
    return
  fi
  for ((index = 0; index < MEMBERS; index++)); do
    host="$(member_host "${index}")"
    if [ "$(ask "${host}" 6379 role | head -n 1)" = master ]; then
      echo "${host}"
      return
    fi
  done
}

# The master is gone and no sentinel remembers it: where most members answer, the one that has got furthest becomes master.
promote() {
  local index host offset best="" furthest=-1 answering=()
  for ((index = 0; index < MEMBERS; index++)); do
    host="$(member_host "${index}")"
    offset="$(ask "${host}" 6379 info replication | tr -d '\r' | awk -F: '$1 == "master_repl_offset" { print $2 }' || true)"
    [ -n "${offset}" ] || continue
    answering+=("${host}")
    if ((offset > furthest)); then
      furthest="${offset}"
      best="${host}"
    fi
  done
  ((2 * ${#answering[@]} > MEMBERS)) || return 0
  echo "start: no master for ${PATIENCE_SECONDS} s; ${best} becomes it"
  ask "${best}" 6379 replicaof no one || return 0
  for host in "${answering[@]}"; do
    [ "${host}" = "${best}" ] || ask "${host}" 6379 replicaof "${best}" 6379 || true
  done
}

# A container that was restarted goes on with what it knew.
if [ ! -f "${config}" ]; then
  until master="$(find_master)" && [ -n "${master}" ]; do
    echo "start: no member is master yet"
    if ((SECONDS > PATIENCE_SECONDS)); then promote; fi
    sleep 1
  done
  password="$(cat /run/secrets/redis/password)"
  {
    grep '^user ' /run/secrets/redis/auth.conf
    sed -e "s/@MASTER@/${master}/" -e "s/@PASSWORD@/${password}/" /etc/redis/sentinel.conf
    echo "sentinel announce-ip ${self}"
  } > "${config}"
  echo "start: watching ${master}"
fi
/opt/scripts/passwords.sh 26379 &
exec redis-server "${config}" --sentinel
