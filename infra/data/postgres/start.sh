#!/bin/bash
# Starts Patroni with what only the pod knows: its name and address.
set -euo pipefail

export PATRONI_NAME="${POD_NAME}"
export PATRONI_KUBERNETES_NAMESPACE="${POD_NAMESPACE}"
export PATRONI_KUBERNETES_POD_IP="${POD_IP}"
export PATRONI_POSTGRESQL_CONNECT_ADDRESS="${POD_IP}:5432"
export PATRONI_RESTAPI_CONNECT_ADDRESS="${POD_IP}:8008"

# Patroni merges the files of a folder. Links, so that a reload reads what Kubernetes has put there since.
mkdir -p /tmp/patroni
ln -sfn /etc/patroni/patroni.yml /tmp/patroni/10-patroni.yml
ln -sfn /run/secrets/patroni/secrets.yml /tmp/patroni/20-secrets.yml
exec /usr/bin/patroni /tmp/patroni
