#!/bin/sh
# Starts nginx, and what has it reread its certificate.
set -eu
sh /etc/nginx/resolve.sh
sh /etc/nginx/renew.sh &
exec nginx -c /tmp/nginx.conf -g "daemon off;"
