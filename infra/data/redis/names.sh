#!/bin/bash
# Read by the two start scripts: the names of the pods, and questions to Redis that give up after two seconds.

member_host() { echo "redis-state-$1.redis-state.${POD_NAMESPACE}.svc.cluster.local"; }

ask() {
  local host="$1" port="$2"
  shift 2
  REDISCLI_AUTH="$(cat /run/secrets/redis/password)" timeout 2 redis-cli --no-auth-warning -h "${host}" -p "${port}" --raw "$@" 2> /dev/null
}

master_by_sentinel() {
  # Sentinels have no password, and an answer to AUTH would be an error.
  timeout 2 redis-cli -h redis-state-sentinel -p 26379 --raw sentinel get-master-addr-by-name state 2> /dev/null | head -n 1 || true
}
