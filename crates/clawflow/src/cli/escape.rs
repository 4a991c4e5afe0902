//! Stored text comes from files, agents and jobs: on a terminal it may not act, only be read.

/// The text on one line, with every character that could steer a terminal or hide text shown.
pub(crate) fn escape(text: &str) -> String {
    escape_with(text, |c| if c == '\n' { Some("\\n") } else { None })
}

/// The same, but lines stay lines.
pub(crate) fn escape_lines(text: &str) -> String {
    escape_with(text, |c| if c == '\n' { Some("\n") } else { None })
}

fn escape_with(text: &str, newline: impl Fn(char) -> Option<&'static str>) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            _ if newline(c).is_some() => shown.push_str(newline(c).unwrap_or_default()),
            '\t' => shown.push_str("\\t"),
            '\r' => shown.push_str("\\r"),
            c if c.is_ascii_control() => shown.push_str(&format!("\\x{:02x}", u32::from(c))),
            c if c.is_control() || reorders(c) => shown.extend(c.escape_unicode()),
            c => shown.push(c),
        }
    }
    shown
}

/// Characters that change the order or the presence of others: bidirectional controls, line and
/// paragraph separators, zero-width characters, tags.
fn reorders(c: char) -> bool {
    matches!(
        c,
        '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{061c}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_steers_a_terminal_is_shown() {
        assert_eq!(escape("a\u{1b}[2Jb\r\n\tc\u{7}"), "a\\x1b[2Jb\\r\\n\\tc\\x07");
        assert_eq!(escape("\u{9b}31m\u{202e}x"), "\\u{9b}31m\\u{202e}x");
        assert_eq!(escape("Grüße 日本 🎉"), "Grüße 日本 🎉");
    }

    #[test]
    fn lines_may_stay_lines() {
        assert_eq!(escape_lines("a\n\u{1b}b"), "a\n\\x1bb");
    }
}
