#!/bin/bash
# Readiness: a master that takes commands, or a replica that has everything and follows. A member that still loads its file
# or copies the master's is not ready, so that a rolling restart waits for it before it stops the next one.
set -euo pipefail
# shellcheck source=names.sh
. /opt/scripts/names.sh

found="$(ask 127.0.0.1 6379 info replication | tr -d '\r')"
case "${found}" in
  *role:master*) ;;
  *master_link_status:up*) [[ "${found}" == *master_sync_in_progress:0* ]] ;;
  *) exit 1 ;;
esac
