#!/bin/bash
# In the container of a server: has it take over passwords that Kubernetes has mounted anew. Nothing is restarted and no
# connection is closed. A password reaches redis-cli by its environment or its standard input: arguments are visible in the
# list of processes. $1: the server's port.
set -uo pipefail

port="$1"
folder=/run/secrets/redis
round_seconds=5
exporter_port=9121
exporter_rounds=12
reloads=0

# Those that are accepted, from the line of the one user.
accepted_in() { awk '$1 == "user" { for (n = 2; n <= NF; n++) if (sub(/^>/, "", $n)) print $n }' <<< "$1"; }
# ask TEXT COMMAND…: the text is the last argument. A change without a step between leaves only the last password.
ask() {
  local text="$1" one
  shift
  for one in "$(cat "${folder}/password")" "${password}"; do
    printf '%s' "${text}" | REDISCLI_AUTH="${one}" timeout 5 redis-cli -e -x --no-auth-warning -p "${port}" "$@" > /dev/null 2>&1 && return 0
  done
  return 1
}
shown_to_others() {
  if [ "${port}" = 26379 ]; then
    ask "$1" sentinel config set sentinel-pass && ask "$1" sentinel set state auth-pass
  else
    ask "$1" config set masterauth
  fi
}

take_over() {
  local next="$1" one
  while read -r one; do ask ">${one}" acl setuser default || return 1; done < <(accepted_in "${next}")
  shown_to_others "$(cat "${folder}/password")" || return 1
  password="$(cat "${folder}/password")"
  while read -r one; do
    grep -qxF "${one}" <(accepted_in "${next}") || ask "<${one}" acl setuser default || return 1
  done < <(accepted_in "${known}")
  echo "passwords: taken over"
}

# The exporter in this pod reads its file when it is asked to. It is asked each minute, three times: the file is another mount,
# which may change later.
reload_exporter() { (exec 3<> "/dev/tcp/127.0.0.1/${exporter_port}" && printf 'POST /-/reload HTTP/1.0\r\nContent-Length: 0\r\n\r\n' >&3 && cat <&3) > /dev/null 2>&1; }

known="$(cat "${folder}/auth.conf")"
password="$(cat "${folder}/password")"
echo "passwords: watching ${folder}"
for ((round = 1; ; round++)); do
  sleep "${round_seconds}"
  now="$(cat "${folder}/auth.conf")"
  if [ "${now}" != "${known}" ] && take_over "${now}"; then
    known="${now}"
    reloads=3
  fi
  if ((reloads > 0 && round % exporter_rounds == 0)); then
    if [ "${port}" != 26379 ]; then reload_exporter; fi
    reloads=$((reloads - 1))
  fi
done
