#!/bin/sh
# Makes one archive of the directory $SOURCE; prints its name and checksum as JSON.
set -eu
. "$CLAWFLOW_FLOW_DIR/bin/lib.sh"

source=${SOURCE:-$CLAWFLOW_FLOW_DIR/sample}
refuse_odd "$source"
[ -d "$source" ] || { echo "$source is not a directory" >&2; exit 1; }
mkdir -p -m 700 -- "$work"
# The end of the flow's id keeps two backups of one second apart.
name=backup-$(date -u +%Y%m%dT%H%M%SZ)-$(printf '%s' "$CLAWFLOW_FLOW_ID" | tail -c 8)
tar -C "$source" -cf "$work/dump.tar" .
files=$(tar -tf "$work/dump.tar" | grep -c -v '/$' || true)
printf '{"name":"%s","sha256":"%s","files":%d}\n' "$name" "$(sum <"$work/dump.tar")" "$files"
