#!/bin/sh
# Puts the report that comes on standard input into $OUT: whole or not at all, and once.
#
# The key stays the same however often the step is tried. It is kept in the file, so a second
# delivery finds that the first one arrived.
set -eu

mark="<!-- delivery $CLAWFLOW_IDEMPOTENCY_KEY -->"
if [ -f "$OUT" ] && [ "$(tail -n 1 -- "$OUT")" = "$mark" ]; then
    echo "already delivered to $OUT" >&2
    exit 0
fi
part=$OUT.$CLAWFLOW_FLOW_ID.part
{ cat && printf '\n%s\n' "$mark"; } >"$part"
sync -- "$part"
mv -f -- "$part" "$OUT"
echo "delivered to $OUT" >&2
