#!/bin/sh
# The tickets of a week as JSON, from a CSV with the columns
# id,title,priority,status,owner,opened,closed.
set -eu

csv=${TICKETS:-$CLAWFLOW_FLOW_DIR/data/tickets.csv}
days() { grep -Eo '[0-9]{4}-[0-9]{2}-[0-9]{2}' "$csv" | sort | tail -n 1; }
case $UNTIL in latest) until=$(days) ;; *) until=$UNTIL ;; esac
from=$(date -u -d "$until -6 days" +%Y-%m-%d)
# An urgent ticket that was opened before this day is late.
late=$(date -u -d "$until -2 days" +%Y-%m-%d)

awk -v from="$from" -v until="$until" -v late="$late" \
    -f "$CLAWFLOW_FLOW_DIR/bin/json.awk" -f "$CLAWFLOW_FLOW_DIR/bin/tickets.awk" "$csv"
