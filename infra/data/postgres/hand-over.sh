#!/bin/bash
# Before a member is stopped: a primary hands over to a standby that is in step, so that its end costs no more than a
# planned switchover. Kubernetes waits for this, within the pod's grace; where there is no such standby it is over at once.
set -uo pipefail

api="http://127.0.0.1:8008"
wait_seconds=20

patroni() { curl --silent --max-time 30 --config /run/secrets/patroni/curl.conf "$@"; }
is_primary() { curl --silent --output /dev/null --fail --max-time 2 "${api}/primary"; }
# One that streams, now or in a moment; members that are stopped or away are no reason to wait.
has_standby() { curl --silent --max-time 2 "${api}/cluster" | grep -Eq '"state": ?"(streaming|starting|in archive recovery)"'; }

end=$((SECONDS + wait_seconds))
while is_primary && has_standby && [ "${SECONDS}" -lt "${end}" ]; do
  patroni --request POST --header 'Content-Type: application/json' --data "{\"leader\": \"${PATRONI_NAME}\"}" "${api}/switchover"
  echo
  sleep 0.5
done
exit 0
