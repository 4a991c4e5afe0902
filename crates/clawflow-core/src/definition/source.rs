//! The text of a workflow file and positions in it.

/// A half-open range of bytes in the source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Span {
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

/// The source text with an index of its lines.
#[derive(Debug)]
pub(crate) struct Source<'a> {
    /// What errors call the file.
    pub(crate) name: &'a str,
    pub(crate) text: &'a str,
    line_starts: Vec<usize>,
}

impl<'a> Source<'a> {
    pub(crate) fn new(name: &'a str, text: &'a str) -> Self {
        let mut line_starts = vec![0];
        line_starts.extend(text.match_indices('\n').map(|(at, _)| at + 1));
        Self { name, text, line_starts }
    }

    /// Line and column of a byte, both from 1; a column counts characters.
    pub(crate) fn position(&self, at: usize) -> (u32, u32) {
        let at = self.floor(at);
        let line = self.line_starts.partition_point(|&start| start <= at).saturating_sub(1);
        let column = self.text[self.line_starts[line]..at].chars().count();
        (small(line + 1), small(column + 1))
    }

    /// The text of a span, empty when it lies outside of the source.
    pub(crate) fn slice(&self, span: Span) -> &'a str {
        self.text.get(span.start..span.end).unwrap_or("")
    }

    /// The part of `span` where `needle` is written, or the start of `span` when escapes hide it.
    pub(crate) fn find(&self, span: Span, needle: &str) -> Span {
        match self.slice(span).find(needle) {
            Some(at) if !needle.is_empty() => {
                let start = span.start + at;
                Span { start, end: start + needle.len() }
            }
            _ => span,
        }
    }

    /// The line of the span's start with a caret under the part of the span on that line.
    pub(crate) fn excerpt(&self, span: Span) -> String {
        let (line, column) = self.position(span.start);
        let start = self.line_starts[line as usize - 1];
        let whole = self.text[start..].split('\n').next().unwrap_or("").trim_end_matches('\r');
        let from = (column as usize - 1).min(whole.chars().count());
        let wanted = self.slice(span).split('\n').next().unwrap_or("").trim_end().chars().count();
        // A very long line is cut to a window around the place, or the caret would be off screen.
        let skip = if from > LINE_CHARS { from - LINE_CHARS / 2 } else { 0 };
        let shown: String = whole.chars().skip(skip).take(LINE_CHARS * 2).map(visible).collect();
        let room = shown.chars().count().saturating_sub(from - skip);
        let carets = wanted.clamp(1, room.max(1));
        let number = line.to_string();
        let gutter = " ".repeat(number.len());
        let blank = " ".repeat(from - skip);
        format!("  {number} | {shown}\n  {gutter} | {blank}{}", "^".repeat(carets))
    }

    fn floor(&self, at: usize) -> usize {
        let mut at = at.min(self.text.len());
        while !self.text.is_char_boundary(at) {
            at -= 1;
        }
        at
    }
}

const LINE_CHARS: usize = 60;

/// A control character would move the caret or the terminal's cursor.
fn visible(character: char) -> char {
    if character.is_control() { ' ' } else { character }
}

fn small(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
