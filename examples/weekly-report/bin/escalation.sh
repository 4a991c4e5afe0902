#!/bin/sh
# The list of what needs attention, in Markdown. Reads {anomalies, list}.
set -eu
exec awk -f "$CLAWFLOW_FLOW_DIR/bin/json.awk" -f "$CLAWFLOW_FLOW_DIR/bin/escalation.awk"
