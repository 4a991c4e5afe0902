//! Takes out of an output what differs from run to run.

/// Ids, times and durations as words in brackets, and blanks as one.
pub(crate) fn redact(text: &str) -> String {
    text.lines().map(|line| line_of(line) + "\n").collect()
}

fn line_of(line: &str) -> String {
    let indent = if line.starts_with("  ") { "  " } else { "" };
    let mut words: Vec<String> = Vec::new();
    for word in line.split_whitespace() {
        // One short id in twenty has no digit: its place tells it from a word.
        let place = words.last().is_none_or(|before| before == "[ID]" || before == "[T]");
        let is_id = place && word.len() == 8 && word.chars().all(crockford);
        words.push(if is_id { "[ID]".to_owned() } else { redact_word(word) });
    }
    format!("{indent}{}", words.join(" "))
}

/// A word of the line: each run of the characters of ids and numbers is looked at by itself.
fn redact_word(word: &str) -> String {
    let part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | ':' | '.');
    let mut out = String::new();
    let mut rest = word;
    while !rest.is_empty() {
        let end = rest.find(|c| !part(c)).unwrap_or(rest.len());
        out.push_str(&token(&rest[..end]));
        rest = &rest[end..];
        let next = rest.find(part).unwrap_or(rest.len());
        out.push_str(&rest[..next]);
        rest = &rest[next..];
    }
    out
}

fn token(text: &str) -> String {
    let has_digit = text.contains(|c: char| c.is_ascii_digit());
    for kind in ["flow_", "task_", "wait_"] {
        if text.strip_prefix(kind).is_some_and(|id| id.len() == 26 && id.chars().all(crockford)) {
            return format!("{kind}[ID]");
        }
    }
    if text.len() == 8 && has_digit && text.chars().all(crockford) {
        return "[ID]".to_owned();
    }
    let clock = text.len() == 8 && text.chars().all(|c| c.is_ascii_digit() || c == ':');
    if clock && text.contains(':') {
        return "[TIME]".to_owned();
    }
    let number = |c: char| c.is_ascii_digit() || matches!(c, '.' | 'm' | 's' | 'h' | 'd');
    let unit = text.ends_with(['s', 'm', 'h', 'd']);
    if has_digit && unit && text.chars().all(number) { "[T]".to_owned() } else { text.to_owned() }
}

fn crockford(c: char) -> bool {
    c.is_ascii_digit() || (c.is_ascii_lowercase() && !"ilou".contains(c))
}
