#!/bin/bash
# Whether the backup store answers at all, in seconds instead of the minutes that pgBackRest keeps trying.
# An answer that asks for a signature (403) is an answer.
set -euo pipefail

authority=()
[ -s /etc/pgbackrest/ca.pem ] && authority=(--cacert /etc/pgbackrest/ca.pem)
exec curl --silent --output /dev/null --max-time 5 "${authority[@]}" "${BACKUP_ENDPOINT}/"
