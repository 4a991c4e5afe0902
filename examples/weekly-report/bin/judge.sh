#!/bin/sh
# What is unusual in the figures, as JSON: {anomalies, list}. Reads {history, tickets, services}.
set -eu
exec awk -f "$CLAWFLOW_FLOW_DIR/bin/json.awk" -f "$CLAWFLOW_FLOW_DIR/bin/judge.awk"
