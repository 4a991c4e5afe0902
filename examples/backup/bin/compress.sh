#!/bin/sh
# compress.sh PROGRAM: compresses the dump; prints the file's name and checksum as JSON.
set -eu
. "$CLAWFLOW_FLOW_DIR/bin/lib.sh"

input=$(cat)
case $1 in
gzip) suffix=gz ;;
zstd) suffix=zst ;;
*) suffix=$(basename -- "$1") ;;
esac
refuse_odd "$1"
file=$(get name).tar.$suffix
"$1" -c <"$work/dump.tar" >"$work/$file"
printf '{"file":"%s","program":"%s","sha256":"%s"}\n' "$file" "$1" "$(sum <"$work/$file")"
