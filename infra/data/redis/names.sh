#!/bin/bash
# Read by the two start scripts: the names of the pods, and questions to Redis that give up after two seconds. An
# error for an answer is a failure.

member_host() { echo "redis-state-$1.redis-state.${POD_NAMESPACE}.svc.cluster.local"; }

ask() {
  local host="$1" port="$2"
  shift 2
  REDISCLI_AUTH="$(cat /run/secrets/redis/password)" timeout 2 redis-cli -e --no-auth-warning -h "${host}" -p "${port}" --raw "$@" 2> /dev/null
}

sentinel() { ask redis-state-sentinel 26379 sentinel "$@"; }

master_by_sentinel() { sentinel get-master-addr-by-name state | grep -v '^NOAUTH' | head -n 1 || true; }
