BEGIN {
    json_read()
    one = value["anomalies"] == 1
    printf "**%d %s a look before Monday:**\n\n", value["anomalies"], (one ? "thing needs" : "things need")
    for (i = 0; i < count["list"]; i++)
        printf "%d. %s\n", i + 1, value["list." i]
}
