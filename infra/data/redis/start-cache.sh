#!/bin/bash
# Starts the cache.
set -euo pipefail

/opt/scripts/passwords.sh 6379 &
exec redis-server /etc/redis/redis.conf
