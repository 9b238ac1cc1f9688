#!/bin/bash
# After the first start of a new cluster: the roles and the database. After a restore: the passwords of this stack.
# Patroni runs it once, with a connection URL of the superuser as its argument; the watcher runs roles.sql when a password changes.
set -euo pipefail

exec psql --no-psqlrc --quiet --set=ON_ERROR_STOP=1 --file=/opt/scripts/roles.sql "$1"
