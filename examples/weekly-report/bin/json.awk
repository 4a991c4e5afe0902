# Reads one JSON text and fills two arrays:
#   value["a.b.0"]  a text with its escapes resolved, or the letters of a number, true, false, null
#   count["a"]      how many members the object or list `a` has
# Use: awk -f json.awk -f program.awk, and call json_read() in BEGIN. Plain POSIX awk.

function json_read(    line) {
    json_text = ""
    while ((getline line) > 0)
        json_text = json_text line "\n"
    json_at = 1
    json_value("")
    json_space()
    if (json_at <= length(json_text))
        json_fail("something after the value")
}

function json_fail(why) {
    printf "json: %s at character %d\n", why, json_at > "/dev/stderr"
    json_failed = 1
    exit 1
}

function json_space() {
    while (json_at <= length(json_text) && index(" \t\n\r", substr(json_text, json_at, 1)) > 0)
        json_at++
}

function json_value(path,    first, rest) {
    if (json_failed)
        return
    json_space()
    first = substr(json_text, json_at, 1)
    if (first == "{" || first == "[") {
        json_members(path, first == "{")
    } else if (first == "\"") {
        value[path] = json_string()
    } else {
        rest = substr(json_text, json_at, 400)
        if (!match(rest, /^(-?[0-9]+(\.[0-9]+)?([eE][-+]?[0-9]+)?|true|false|null)/))
            json_fail("no value")
        value[path] = substr(rest, 1, RLENGTH)
        json_at += RLENGTH
    }
}

function json_members(path, named,    name, close_, next_, size) {
    close_ = named ? "}" : "]"
    size = 0
    json_at++
    json_space()
    if (substr(json_text, json_at, 1) == close_) {
        json_at++
        count[path] = 0
        return
    }
    while (!json_failed) {
        name = size
        if (named) {
            json_space()
            if (substr(json_text, json_at, 1) != "\"")
                json_fail("no name")
            name = json_string()
            json_space()
            if (substr(json_text, json_at, 1) != ":")
                json_fail("no colon")
            json_at++
        }
        size++
        json_value(path == "" ? name : path "." name)
        json_space()
        next_ = substr(json_text, json_at, 1)
        json_at++
        if (next_ == close_)
            break
        if (next_ != ",")
            json_fail("no comma")
    }
    count[path] = size
}

function json_string(    text, c, code) {
    text = ""
    json_at++
    while (!json_failed) {
        if (match(substr(json_text, json_at, 400), /^[^"\\]+/)) {
            text = text substr(json_text, json_at, RLENGTH)
            json_at += RLENGTH
            continue
        }
        c = substr(json_text, json_at, 1)
        if (c == "\"") {
            json_at++
            return text
        }
        if (c != "\\")
            json_fail("an open text")
        c = substr(json_text, json_at + 1, 1)
        json_at += 2
        if (c == "n" || c == "r" || c == "t" || c == "b" || c == "f") {
            text = text (c == "n" ? "\n" : c == "t" ? "\t" : "")
        } else if (c == "u") {
            # Control characters are all that clawflow writes in this way.
            json_at += 4
            text = text "?"
        } else {
            text = text c
        }
    }
}

# A text as JSON. Character by character: awks differ in what gsub makes of backslashes.
function json_quote(text,    out, c, i) {
    out = ""
    for (i = 1; i <= length(text); i++) {
        c = substr(text, i, 1)
        if (c == "\\" || c == "\"")
            c = "\\" c
        else if (c ~ /[[:cntrl:]]/)
            c = c == "\n" ? "\\n" : " "
        out = out c
    }
    return "\"" out "\""
}
