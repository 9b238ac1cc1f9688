#!/bin/sh
# Beside nginx, which reads its certificate when it starts: has it read again what the Secret's owner changed. Read at each
# handshake instead, the certificate would cost three times the CPU of a handshake (docs/decisions/0029).
folder="${TLS_FOLDER:-/run/secrets/gateway}"
config="${NGINX_CONFIG:-/tmp/nginx.conf}"
pid="${NGINX_PID:-/tmp/nginx.pid}"

state() { cksum "${folder}/tls.crt" "${folder}/tls.key"; }

known="$(state)"
while sleep "${EVERY_SECONDS:-20}"; do
  found="$(state)"
  [ "${found}" = "${known}" ] && continue
  # A certificate that does not fit its key, or half of a change: nginx keeps what it has, and it is looked at again.
  if nginx -t -q -c "${config}"; then
    kill -HUP "$(cat "${pid}")" && known="${found}"
  fi
done
