#!/bin/sh
# The commits of a week as JSON. Fails where there is no repository.
set -eu

repo=${REPO:-$CLAWFLOW_FLOW_DIR}
top=$(git -C "$repo" rev-parse --show-toplevel)
newest=$(git -C "$top" log -1 --format=%cd --date=format:%Y-%m-%d)
case $UNTIL in latest) until=$newest ;; *) until=$UNTIL ;; esac
from=$(date -u -d "$until -6 days" +%Y-%m-%d)

# One line `commit TAB day TAB author TAB subject` for each, then its files as --numstat has them.
git -C "$top" log -n 5000 --no-merges --numstat --date=format:%Y-%m-%d \
    --format='commit%x09%cd%x09%an%x09%s' |
    awk -F '\t' -v name="$(basename "$top")" -v from="$from" -v until="$until" \
        -f "$CLAWFLOW_FLOW_DIR/bin/json.awk" -f "$CLAWFLOW_FLOW_DIR/bin/history.awk"
