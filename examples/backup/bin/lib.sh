# What the steps of the backup share.

# Where this flow keeps what is not stored yet. `finally` removes it.
work=${TMPDIR:-/tmp}/clawflow-backup-$CLAWFLOW_FLOW_ID

# get NAME: a text or number of the JSON object in $input. Names are unique in what the steps hand
# on, and no value has a quote or a backslash in it: `refuse_odd` sees to that.
get() {
    printf '%s' "$input" | sed -n "s/.*\"$1\":\"\{0,1\}\([^\",}]*\)[\",}].*/\1/p"
}

# refuse_odd TEXT: a path that JSON would have to escape.
refuse_odd() {
    case $1 in
    *[\"\\,}]* | *[[:cntrl:]]*)
        echo "cannot back up to or from a path with a quote, backslash, comma, brace or control character" >&2
        exit 1
        ;;
    esac
}

sum() { sha256sum | cut -d ' ' -f 1; }
