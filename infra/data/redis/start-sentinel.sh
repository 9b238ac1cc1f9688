#!/bin/bash
# Starts a sentinel on the member that is master now. Its file is a copy, because Sentinel rewrites it.
set -euo pipefail
# shellcheck source=names.sh
. /opt/scripts/names.sh

config=/tmp/sentinel.conf
self="${POD_NAME}.redis-state-sentinel.${POD_NAMESPACE}.svc.cluster.local"

# The member that says it is master; while none does, the first that answers at all.
find_master() {
  local index host answering=""
  for ((index = 0; index < MEMBERS; index++)); do
    host="$(member_host "${index}")"
    case "$(ask "${host}" 6379 role | head -n 1)" in
      master) echo "${host}"; return ;;
      slave) answering="${answering:-${host}}" ;;
    esac
  done
  echo "${answering}"
}

# A container that was restarted goes on with what it knew.
if [ ! -f "${config}" ]; then
  until master="$(find_master)" && [ -n "${master}" ]; do
    echo "start: no member answers yet"
    sleep 1
  done
  password="$(cat /run/secrets/redis/password)"
  {
    sed -e "s/@MASTER@/${master}/" -e "s/@PASSWORD@/${password}/" /etc/redis/sentinel.conf
    echo "sentinel announce-ip ${self}"
  } > "${config}"
  echo "start: watching ${master}"
fi
exec redis-server "${config}" --sentinel
