# A cell of a table: one line, and bars that are no bars of the table.
function cell(text,    out, c, i) {
    out = ""
    for (i = 1; i <= length(text); i++) {
        c = substr(text, i, 1)
        out = out (c == "|" ? "\\|" : c == "\n" ? " " : c)
    }
    return out
}

function many(n, what) {
    return n " " what (n == 1 ? "" : "s")
}

function history(    i, git) {
    git = value["history.kind"] == "git"
    printf "## Work on %s\n\n_%s to %s_\n\n", value["history.source"], \
        value["history.from"], value["history.until"]
    if (git)
        printf "%s, %s, +%d -%d lines.\n\n", many(value["history.commits"], "commit"), \
            many(value["history.files"], "file"), value["history.added"], \
            value["history.removed"]
    else
        printf "No repository here, so by the times of the files: %d changed.\n\n", \
            value["history.files"]
    if (count["history.authors"] > 0) {
        print "| author | commits |\n|---|---:|"
        for (i = 0; i < count["history.authors"]; i++)
            printf "| %s | %d |\n", cell(value["history.authors." i ".name"]), \
                value["history.authors." i ".commits"]
        print ""
    }
    for (i = 0; i < count["history.latest"]; i++)
        printf "- %s %s\n", value["history.latest." i ".day"], value["history.latest." i ".subject"]
    print ""
}

function tickets() {
    printf "## Tickets\n\n_%s to %s_\n\n", value["tickets.from"], value["tickets.until"]
    print "| opened | closed | open now | P1 | P2 | P3 |\n|---:|---:|---:|---:|---:|---:|"
    printf "| %d | %d | %d | %d | %d | %d |\n\n", value["tickets.opened"], value["tickets.closed"], \
        value["tickets.open"], value["tickets.openBy.P1"], value["tickets.openBy.P2"], \
        value["tickets.openBy.P3"]
}

function services(    i, j, at, incidents) {
    printf "## Services\n\n_%s to %s_\n\n", value["services.from"], value["services.until"]
    print "| service | uptime | target | incidents | minutes down |\n|---|---:|---:|---:|---:|"
    for (i = 0; i < count["services.services"]; i++) {
        at = "services.services." i
        down = 0
        for (j = 0; j < count[at ".incidents"]; j++)
            down += value[at ".incidents." j ".minutes"]
        printf "| %s | %s %% | %s %% | %d | %d |\n", cell(value[at ".name"]), value[at ".uptime"], \
            value[at ".target"], count[at ".incidents"], down
        for (j = 0; j < count[at ".incidents"]; j++)
            incidents = incidents sprintf("- %s %s: %s (%d min)\n", \
                value[at ".incidents." j ".day"], value[at ".name"], \
                value[at ".incidents." j ".what"], value[at ".incidents." j ".minutes"])
    }
    if (incidents != "")
        printf "\n%s", incidents
    print ""
}

BEGIN {
    json_read()
    print "# Weekly report\n"
    print "## Needs attention\n"
    # Of the two branches one ran; the other one's place is null.
    text = value["attention.0"] == "null" ? value["attention.1"] : value["attention.0"]
    sub(/\n+$/, "", text)
    print text "\n"
    history()
    tickets()
    services()
    printf "_Written by clawflow, %s._\n", value["flow"]
}
