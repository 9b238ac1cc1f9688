#!/bin/bash
# Starts Patroni, which merges the files of a folder: the settings, and from a Secret the passwords.
set -euo pipefail

# Links, so that a reload reads what Kubernetes has put there since.
mkdir -p /tmp/patroni
ln -sfn /etc/patroni/patroni.yml /tmp/patroni/10-patroni.yml
ln -sfn /run/secrets/patroni/secrets.yml /tmp/patroni/20-secrets.yml
# Of the last run: until it streams again, what it lacks may be in the backup store (fetch-wal.sh).
rm -f /var/run/postgresql/streams
# Without an answer Patroni waits for one itself.
python3 /opt/scripts/forget-address.py || echo "start: did not look for an address of an earlier life"
exec /usr/bin/patroni /tmp/patroni
