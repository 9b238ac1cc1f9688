#!/bin/sh
# Starts nginx with the names of its pod's own cluster, since nginx does not read /etc/resolv.conf itself: `@nameservers@`
# and `@domain@` (such as prod.svc.cluster.local, which Kubernetes searches first) in nginx.conf are replaced.
set -eu
nameservers="$(awk '$1 == "nameserver" { printf "%s ", $2 ~ /:/ ? "[" $2 "]" : $2 }' /etc/resolv.conf)"
domain="$(awk '$1 == "search" { print $2; exit }' /etc/resolv.conf)"
if [ -z "$nameservers" ] || [ -z "$domain" ]; then
  echo "/etc/resolv.conf names no nameserver or no search domain: set the pod's dnsPolicy to ClusterFirst" >&2
  exit 1
fi
sed -e "s/@nameservers@/$nameservers/" -e "s/@domain@/$domain/" /etc/nginx/nginx.conf >/tmp/nginx.conf
sh /etc/nginx/renew.sh &
exec nginx -c /tmp/nginx.conf -g "daemon off;"
