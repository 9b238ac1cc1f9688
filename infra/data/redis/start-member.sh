#!/bin/bash
# Starts a member of the group as a replica of the master, or as the master. Whom to believe, in this order:
# the sentinels; the file that the last run left (Sentinel has it rewritten at each failover); member 0.
set -euo pipefail
# shellcheck source=names.sh
. /opt/scripts/names.sh

config=/data/redis.conf
self="${POD_NAME}.redis-state.${POD_NAMESPACE}.svc.cluster.local"

master_by_last_run() {
  [ -f "${config}" ] || return 0
  awk -v self="${self}" '$1 == "replicaof" { master = $2 } END { print master == "" ? self : master }' "${config}"
}

master="$(master_by_sentinel)"
master="${master:-$(master_by_last_run)}"
master="${master:-$(member_host 0)}"

{
  cat /etc/redis/redis.conf
  echo "replica-announce-ip ${self}"
  if [ "${master}" != "${self}" ]; then echo "replicaof ${master} 6379"; fi
} > "${config}.new"
mv "${config}.new" "${config}"
echo "start: the master is ${master}"
/opt/scripts/passwords.sh 6379 &
exec redis-server "${config}"
