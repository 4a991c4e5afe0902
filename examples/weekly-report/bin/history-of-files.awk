# Files as lines -> JSON of the same shape as history.awk, without commits.

$1 >= from && $1 <= until {
    changed++
    if (changed <= 8)
        subjects = subjects (changed > 1 ? ", " : "") \
            sprintf("{\"day\": %s, \"subject\": %s}", json_quote($1), json_quote($3 ", " $2 " bytes"))
}

END {
    printf "{\"source\": %s, \"kind\": \"files\", \"from\": %s, \"until\": %s, ", \
        json_quote(name), json_quote(from), json_quote(until)
    printf "\"commits\": 0, \"files\": %d, \"added\": 0, \"removed\": 0, ", changed
    printf "\"authors\": [], \"latest\": [%s]}\n", subjects
}
