#!/bin/bash
# Read by the two start scripts: the names of the pods, and questions to Redis that give up after two seconds.

member_host() { echo "redis-state-$1.redis-state.${POD_NAMESPACE}.svc.cluster.local"; }

ask() {
  local host="$1" port="$2"
  shift 2
  REDISCLI_AUTH="$(cat /run/secrets/redis/password)" timeout 2 redis-cli --no-auth-warning -h "${host}" -p "${port}" --raw "$@" 2> /dev/null
}
