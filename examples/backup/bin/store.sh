#!/bin/sh
# Copies the compressed dump to the directory $TO: under its name it is whole, or not there.
set -eu
. "$CLAWFLOW_FLOW_DIR/bin/lib.sh"

input=$(cat)
file=$(get file)
mkdir -p -- "$TO"
to=$(cd -- "$TO" && pwd)
refuse_odd "$to"
part=$to/.$file.part
trap 'rm -f -- "$part"' EXIT
cp -- "$work/$file" "$part"
sync -- "$part"
mv -f -- "$part" "$to/$file"
bytes=$(wc -c <"$to/$file")
printf '{"archive":"%s","directory":"%s","program":"%s","bytes":%d,"sha256":"%s"}\n' \
    "$to/$file" "$to" "$(get program)" "$bytes" "$(get sha256)"
