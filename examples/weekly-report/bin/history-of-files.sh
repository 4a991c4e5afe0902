#!/bin/sh
# Without a repository: which files changed in the week, by their times. Same shape as history.sh.
set -eu

top=${REPO:-$CLAWFLOW_FLOW_DIR}
cd "$top"
listing() { find . -type f ! -path '*/.*' -printf '%TY-%Tm-%Td\t%s\t%P\n' | LC_ALL=C sort -r; }
newest=$(listing | head -n 1 | cut -f 1)
case $UNTIL in latest) until=${newest:-$(date -u +%Y-%m-%d)} ;; *) until=$UNTIL ;; esac
from=$(date -u -d "$until -6 days" +%Y-%m-%d)

listing | awk -F '\t' -v name="$(basename "$top")" -v from="$from" -v until="$until" \
    -f "$CLAWFLOW_FLOW_DIR/bin/json.awk" -f "$CLAWFLOW_FLOW_DIR/bin/history-of-files.awk"
