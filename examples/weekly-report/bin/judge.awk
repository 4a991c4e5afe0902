function found(what) {
    list = list (anomalies > 0 ? ", " : "") json_quote(what)
    anomalies++
}

BEGIN {
    json_read()
    # A source that printed something else than JSON arrives as null.
    split("history tickets services", sources, " ")
    for (i = 1; i <= 3; i++)
        if (!(sources[i] in count)) {
            print sources[i] " is not a JSON object" > "/dev/stderr"
            exit 1
        }
    for (i = 0; i < count["tickets.late"]; i++)
        found(value["tickets.late." i ".id"] " is urgent and open since " \
            value["tickets.late." i ".opened"] ": " value["tickets.late." i ".title"] \
            " (" value["tickets.late." i ".owner"] ")")
    for (i = 0; i < count["services.services"]; i++) {
        service = "services.services." i
        if (value[service ".uptime"] + 0 < value[service ".target"] + 0)
            found(value[service ".name"] " was up " value[service ".uptime"] " % of the time, " \
                "its target is " value[service ".target"] " %")
    }
    if (value["history.kind"] == "git" && value["history.commits"] == 0)
        found("nothing was committed to " value["history.source"])
    printf "{\"anomalies\": %d, \"list\": [%s]}\n", anomalies, list
}
