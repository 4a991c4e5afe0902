//! A place in a file, with its line as it is shown under a message.

use std::ops::Range;
use std::path::{Path, PathBuf};

/// Characters of a source line that are shown; a longer line is cut.
const SHOWN_CHARS_MAX: usize = 120;

/// A place in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Excerpt {
    /// The file.
    pub(crate) path: PathBuf,
    /// Line, from 1.
    pub(crate) line: usize,
    /// Column in characters, from 1.
    pub(crate) column: usize,
    /// The line, with control characters escaped, cut where it is long.
    source: String,
    /// Characters before the marked part, as shown.
    indent: usize,
    /// Characters of the marked part, as shown; at least 1.
    marked: usize,
}

impl Excerpt {
    /// The place of `span` (bytes) in `text`; a span beyond the end means the end.
    pub(crate) fn new(path: &Path, text: &str, span: Range<usize>) -> Self {
        let start = char_start(text, span.start);
        let end = char_start(text, span.end.max(start));
        let line_start = text[..start].rfind('\n').map_or(0, |at| at + 1);
        let line_end = text[start..].find('\n').map_or(text.len(), |at| start + at);
        let before = &text[line_start..start];
        let marked = &text[start..end.min(line_end)];
        let line = text[line_start..line_end].trim_end_matches('\r');
        Self {
            path: path.to_owned(),
            line: text[..line_start].matches('\n').count() + 1,
            column: before.chars().count() + 1,
            source: visible(line).chars().take(SHOWN_CHARS_MAX).collect(),
            indent: visible(before).chars().count().min(SHOWN_CHARS_MAX),
            marked: visible(marked).chars().count().clamp(1, SHOWN_CHARS_MAX),
        }
    }

    /// The two lines under a message: the source, and carets below the marked part.
    pub(crate) fn render(&self) -> String {
        let number = self.line.to_string();
        let gutter = " ".repeat(number.len());
        let (indent, carets) = (" ".repeat(self.indent), "^".repeat(self.marked));
        format!("  {number} | {}\n  {gutter} | {indent}{carets}", self.source)
    }
}

/// The start of the character that `at` is in; the end of the text for what is beyond it.
fn char_start(text: &str, at: usize) -> usize {
    let mut start = at.min(text.len());
    while !text.is_char_boundary(start) {
        start -= 1;
    }
    start
}

/// Makes control characters harmless and tabs one column wide, so that carets stay in place.
pub(super) fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\t' => shown.push(' '),
            c if c.is_control() => shown.extend(c.escape_default()),
            c => shown.push(c),
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    fn excerpt(text: &str, marked: &str) -> Excerpt {
        let start = text.find(marked).unwrap();
        Excerpt::new(Path::new("c.toml"), text, start..start + marked.len())
    }

    #[test]
    fn the_marked_part_has_carets_below() {
        let place = excerpt("a = 1\r\n\n\té = 'bad'\n", "'bad'");
        assert_eq!((place.line, place.column), (3, 6));
        insta::assert_snapshot!(place.render(), @r"
        3 |  é = 'bad'
          |      ^^^^^
        ");
    }

    #[test]
    fn a_value_over_several_lines_is_marked_on_its_first() {
        insta::assert_snapshot!(excerpt("a = [\n1,\n]\n", "[\n1,\n]").render(), @r"
        1 | a = [
          |     ^
        ");
    }

    #[test]
    fn control_characters_are_escaped_and_long_lines_cut() {
        let place = excerpt("a = '\u{1b}[31m' # x", "# x");
        insta::assert_snapshot!(place.render(), @r"
        1 | a = '\u{1b}[31m' # x
          |                  ^^^
        ");
        let long = format!("{}!", "x".repeat(500));
        assert!(excerpt(&long, "!").render().lines().all(|line| line.chars().count() < 130));
    }

    #[test]
    fn a_span_beyond_the_end_means_the_end() {
        let place = Excerpt::new(Path::new("c.toml"), "a =\n", 99..120);
        assert_eq!((place.line, place.column), (2, 1));
        assert_eq!(Excerpt::new(Path::new("c.toml"), "", 0..0).line, 1);
    }
}
