#!/bin/bash
# Whether the stack's own backup store answers.
set -euo pipefail
# shellcheck source=stores.sh
. /opt/scripts/stores.sh

store_answers own
