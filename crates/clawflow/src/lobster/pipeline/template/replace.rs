//! `text.replaceAll(from, to)` with its marks in the replacement.

/// Replaces every occurrence.
pub(super) fn replace_all(text: &str, from: &str, to: &str) -> String {
    let mut replaced = String::new();
    let mut copied = 0;
    for (at, found) in text.match_indices(from) {
        replaced.push_str(&text[copied..at]);
        expand(&mut replaced, to, (&text[..at], found, &text[at + found.len()..]));
        copied = at + found.len();
    }
    replaced.push_str(&text[copied..]);
    replaced
}

/// Writes the replacement: `$$`, `$&`, `` $` `` and `$'` stand for something else.
fn expand(out: &mut String, to: &str, (before, found, after): (&str, &str, &str)) {
    let mut rest = to;
    while let Some(at) = rest.find('$') {
        out.push_str(&rest[..at]);
        let mark = &rest[at..];
        let stands_for = match mark.as_bytes().get(1) {
            Some(b'$') => "$",
            Some(b'&') => found,
            Some(b'`') => before,
            Some(b'\'') => after,
            _ => {
                out.push('$');
                rest = &mark[1..];
                continue;
            }
        };
        out.push_str(stands_for);
        rest = &mark[2..];
    }
    out.push_str(rest);
}
