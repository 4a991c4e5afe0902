# Commits as lines -> JSON: what was done, by whom.

$1 == "commit" {
    inside = ($2 >= from && $2 <= until)
    if (!inside)
        next
    commits++
    if (!($3 in by))
        order[++authors] = $3
    by[$3]++
    if (commits <= 8)
        subjects = subjects (commits > 1 ? ", " : "") \
            sprintf("{\"day\": %s, \"subject\": %s}", json_quote($2), json_quote($4))
    next
}

# added TAB removed TAB path; a binary file has dashes.
inside && NF >= 3 {
    added += $1
    removed += $2
    if (!($3 in files)) {
        files[$3] = 1
        changed++
    }
}

END {
    printf "{\"source\": %s, \"kind\": \"git\", \"from\": %s, \"until\": %s, ", \
        json_quote(name), json_quote(from), json_quote(until)
    printf "\"commits\": %d, \"files\": %d, \"added\": %d, \"removed\": %d, \"authors\": [", \
        commits, changed, added, removed
    for (i = 1; i <= authors; i++)
        printf "%s{\"name\": %s, \"commits\": %d}", (i > 1 ? ", " : ""), \
            json_quote(order[i]), by[order[i]]
    printf "], \"latest\": [%s]}\n", subjects
}
