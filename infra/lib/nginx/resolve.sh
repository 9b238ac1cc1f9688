#!/bin/sh
# Writes /tmp/nginx.conf from /etc/nginx/nginx.conf with the names of the pod's own cluster, since nginx does not read
# /etc/resolv.conf itself. Replaced are `@nameservers@`, `@domain@` (of the namespace, which Kubernetes searches first, such as
# prod.svc.cluster.local) and `@services@` (of all namespaces: svc.cluster.local).
set -eu
nameservers="$(awk '$1 == "nameserver" { printf "%s ", $2 ~ /:/ ? "[" $2 "]" : $2 }' /etc/resolv.conf)"
domain="$(awk '$1 == "search" { print $2; exit }' /etc/resolv.conf)"
if [ -z "$nameservers" ] || [ -z "$domain" ]; then
  echo "/etc/resolv.conf names no nameserver or no search domain: set the pod's dnsPolicy to ClusterFirst" >&2
  exit 1
fi
sed -e "s/@nameservers@/$nameservers/" -e "s/@domain@/$domain/" -e "s/@services@/${domain#*.}/" /etc/nginx/nginx.conf >/tmp/nginx.conf
