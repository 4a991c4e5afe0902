# Tickets as CSV -> JSON: opened and closed in the week, open at its end, and which urgent ones wait.

# Splits a line of CSV, quoted fields included, into `field`.
function csv(line,    n, piece) {
    n = 0
    while (1) {
        piece = ""
        if (substr(line, 1, 1) == "\"") {
            line = substr(line, 2)
            while (match(line, /^[^"]*""/)) {
                piece = piece substr(line, 1, RLENGTH - 1)
                line = substr(line, RLENGTH + 1)
            }
            match(line, /^[^"]*/)
            piece = piece substr(line, 1, RLENGTH)
            line = substr(line, RLENGTH + 2)
        } else {
            match(line, /^[^,]*/)
            piece = substr(line, 1, RLENGTH)
            line = substr(line, RLENGTH + 1)
        }
        field[++n] = piece
        if (substr(line, 1, 1) != ",")
            return n
        line = substr(line, 2)
    }
}

{ sub(/\r$/, "") }

NR == 1 {
    n = csv($0)
    for (i = 1; i <= n; i++)
        column[field[i]] = i
    split("id title priority status owner opened closed", needed, " ")
    for (i = 1; i <= 7; i++)
        if (!(needed[i] in column)) {
            print "tickets: no column " needed[i] > "/dev/stderr"
            failed = 1
            exit 1
        }
    next
}

NF {
    if (csv($0) != n) {
        print "tickets: line " NR " has not " n " fields" > "/dev/stderr"
        failed = 1
        exit 1
    }
    opened_on = field[column["opened"]]
    closed_on = field[column["closed"]]
    if (opened_on > until)
        next
    total++
    if (opened_on >= from)
        opened++
    if (closed_on != "" && closed_on <= until) {
        if (closed_on >= from)
            closed++
        next
    }
    open++
    priority = field[column["priority"]]
    open_by[priority]++
    if (priority == "P1" && opened_on < late) {
        late_count++
        waiting = waiting (late_count > 1 ? ", " : "") \
            sprintf("{\"id\": %s, \"title\": %s, \"owner\": %s, \"opened\": %s}", \
                json_quote(field[column["id"]]), json_quote(field[column["title"]]), \
                json_quote(field[column["owner"]]), json_quote(opened_on))
    }
}

END {
    if (failed)
        exit 1
    printf "{\"from\": %s, \"until\": %s, \"total\": %d, \"opened\": %d, \"closed\": %d, ", \
        json_quote(from), json_quote(until), total, opened, closed
    printf "\"open\": %d, \"openBy\": {\"P1\": %d, \"P2\": %d, \"P3\": %d}, \"late\": [%s]}\n", \
        open, open_by["P1"], open_by["P2"], open_by["P3"], waiting
}
