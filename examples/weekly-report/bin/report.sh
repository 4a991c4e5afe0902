#!/bin/sh
# The report in Markdown. Reads {history, tickets, services, attention, flow}.
set -eu
exec awk -f "$CLAWFLOW_FLOW_DIR/bin/json.awk" -f "$CLAWFLOW_FLOW_DIR/bin/report.awk"
