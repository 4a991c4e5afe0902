#!/bin/sh
# classify.sh FILE: says how many of the messages in FILE are whose business. A line of the file is
# a sender, a tab, and a subject.
set -eu
awk -F '\t' '
    NF < 2 { next }
    $2 ~ /invoice|contract|offer|deadline/ { business++; subjects = subjects "\n- " $2 " (" $1 ")"; next }
    { other++ }
    END { printf "%d for business, %d other%s\n", business, other, subjects }
' "$1"
