#!/bin/sh
# check: what Maven has brought is what jars.sha256 lists. arrange: lays it out as JMeter's own archive does.
set -eu
if [ "$1" = check ]; then
  (cd jars && sha256sum --check --quiet --strict ../jars.sha256)
  [ "$(find jars -name '*.jar' | wc -l)" -eq "$(wc -l < jars.sha256)" ] || { echo 'Maven brought jars that jars.sha256 does not list' >&2; exit 1; }
  exit 0
fi
mkdir -p bin lib/ext lib/junit
mv jars/ApacheJMeter-[0-9]*.jar bin/ApacheJMeter.jar
cp -R config/bin/. bin/
rm -rf config jars/ApacheJMeter_config-*.jar
mv jars/ApacheJMeter_*.jar lib/ext/
mv jars/*.jar lib/
rmdir jars
