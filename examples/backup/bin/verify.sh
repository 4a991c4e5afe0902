#!/bin/sh
# Reads the stored archive: its checksum, and what it unpacks to. Reads {dump, stored}.
set -eu
. "$CLAWFLOW_FLOW_DIR/bin/lib.sh"

all=$(cat)
# {"dump":{…},"stored":{…}}: neither has an object inside.
input=${all%%\"stored\":*}
dump_sum=$(get sha256)
files=$(get files)
input=${all#*\"stored\":}
archive=$(get archive)
[ "$(sum <"$archive")" = "$(get sha256)" ] || { echo "$archive is damaged" >&2; exit 1; }
unpack=$(get program)
[ "$("$unpack" -dc <"$archive" | sum)" = "$dump_sum" ] || {
    echo "$archive does not unpack to what was dumped" >&2
    exit 1
}
found=$("$unpack" -dc <"$archive" | tar -tf - | grep -c -v '/$' || true)
[ "$found" = "$files" ] || { echo "$archive has $found files, not $files" >&2; exit 1; }
printf '{"files":%d}\n' "$found"
