#!/bin/sh
# Removes all but the newest $KEEP backups beside the stored one; prints how many as JSON.
set -eu
. "$CLAWFLOW_FLOW_DIR/bin/lib.sh"

input=$(cat)
directory=$(get directory)
case $KEEP in
'' | *[!0-9]* | 0) echo "keep is a whole number from 1, not \`$KEEP\`" >&2; exit 1 ;;
esac
removed=0
# Names begin with the time, so their order is the order of age.
for old in $(cd -- "$directory" && ls -1 | grep '^backup-[0-9TZ]*-[0-9a-z]*\.tar\.' | sort -r |
    tail -n "+$((KEEP + 1))"); do
    rm -f -- "$directory/$old"
    removed=$((removed + 1))
done
printf '{"removed":%d}\n' "$removed"
