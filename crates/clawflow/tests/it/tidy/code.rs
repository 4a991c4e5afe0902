//! Rust text with comments and the contents of literals blanked out, and where its tests are.

use super::tree::File;
use std::ops::Range;

/// A file as code: every byte at its place, comments and contents of literals as spaces.
pub(super) struct Code {
    pub(super) text: String,
    /// Lines, from 0, of modules under `#[cfg(test)]`.
    tests: Vec<Range<usize>>,
    all_test: bool,
}

/// A function with a body.
pub(super) struct Function {
    pub(super) name: String,
    /// Lines, from 0, of the `fn` and of its last brace.
    pub(super) first: usize,
    pub(super) last: usize,
}

impl Code {
    pub(super) fn of(file: &File) -> Self {
        let text = blank(&file.text);
        let tests = test_modules(&text);
        Self { text, tests, all_test: file.is_test() }
    }

    /// Whether a line, from 0, is test code.
    pub(super) fn is_test(&self, line: usize) -> bool {
        self.all_test || self.tests.iter().any(|range| range.contains(&line))
    }

    pub(super) fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        self.text.lines().enumerate()
    }

    pub(super) fn functions(&self) -> Vec<Function> {
        let mut found = Vec::new();
        for (at, _) in self.text.match_indices("fn ") {
            let before = self.text[..at].bytes().next_back();
            if before.is_some_and(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
                continue;
            }
            let rest = &self.text[at + 3..];
            let is_name = |c: char| c.is_alphanumeric() || c == '_';
            let name: String = rest.chars().take_while(|c| is_name(*c)).collect();
            let Some(open) = body(rest).filter(|_| !name.is_empty()) else { continue };
            let open = at + 3 + open;
            let close = matching(&self.text, open);
            found.push(Function {
                name,
                first: line_of(&self.text, at),
                last: line_of(&self.text, close),
            });
        }
        found
    }
}

/// Where the body of a function begins; `None` for a declaration or a type.
fn body(rest: &str) -> Option<usize> {
    let mut depth = 0_i32;
    for (at, byte) in rest.bytes().enumerate() {
        match byte {
            b'(' | b'[' => depth += 1,
            b')' | b']' => depth -= 1,
            b'{' if depth == 0 => return Some(at),
            b';' if depth == 0 => return None,
            _ => {}
        }
        if depth < 0 {
            return None;
        }
    }
    None
}

/// The brace that closes the one at `open`; the end of the text if none does.
fn matching(text: &str, open: usize) -> usize {
    let mut depth = 0_i32;
    for (at, byte) in text.bytes().enumerate().skip(open) {
        match byte {
            b'{' => depth += 1,
            b'}' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return at;
        }
    }
    text.len()
}

fn line_of(text: &str, at: usize) -> usize {
    text.as_bytes()[..at].iter().filter(|byte| **byte == b'\n').count()
}

fn test_modules(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    for (at, _) in text.match_indices("#[cfg(test)]") {
        let open = text[at..].find(['{', ';']).map(|open| at + open);
        let Some(open) = open.filter(|open| text.as_bytes()[*open] == b'{') else { continue };
        found.push(line_of(text, at)..line_of(text, matching(text, open)) + 1);
    }
    found
}

/// Blanks comments and the contents of literals; newlines and quotes stay.
fn blank(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let end = match bytes[at] {
            b'/' if bytes.get(at + 1) == Some(&b'/') => line_comment(bytes, at),
            b'/' if bytes.get(at + 1) == Some(&b'*') => block_comment(bytes, at),
            b'"' => string(bytes, at),
            b'r' | b'b' | b'c' if !follows_name(bytes, at) => raw_string(bytes, at),
            b'\'' => character(bytes, at),
            _ => at,
        };
        if end == at {
            out.push(bytes[at]);
            at += 1;
            continue;
        }
        let quoted = bytes[at] != b'/';
        for (n, byte) in bytes[at..end].iter().enumerate() {
            let edge = quoted && (n == 0 || at + n + 1 == end);
            out.push(if *byte == b'\n' || edge { *byte } else { b' ' });
        }
        at = end;
    }
    String::from_utf8_lossy(&out).into_owned()
}

fn follows_name(bytes: &[u8], at: usize) -> bool {
    at > 0 && (bytes[at - 1].is_ascii_alphanumeric() || bytes[at - 1] == b'_')
}

fn line_comment(bytes: &[u8], at: usize) -> usize {
    bytes[at..].iter().position(|byte| *byte == b'\n').map_or(bytes.len(), |length| at + length)
}

fn block_comment(bytes: &[u8], start: usize) -> usize {
    let mut depth = 0;
    let mut at = start;
    while at < bytes.len() {
        match &bytes[at..bytes.len().min(at + 2)] {
            b"/*" => depth += 1,
            b"*/" => depth -= 1,
            _ => {
                at += 1;
                continue;
            }
        }
        at += 2;
        if depth == 0 {
            return at;
        }
    }
    bytes.len()
}

fn string(bytes: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 2,
            b'"' => return at + 1,
            _ => at += 1,
        }
    }
    bytes.len()
}

/// `r"…"`, `br#"…"#` and `b"…"`; `start` itself where there is none.
fn raw_string(bytes: &[u8], start: usize) -> usize {
    let mut at = start;
    while at < bytes.len() && at < start + 2 && matches!(bytes[at], b'r' | b'b' | b'c') {
        at += 1;
    }
    let raw = bytes[at - 1] == b'r';
    let hashes = bytes[at..].iter().take_while(|byte| **byte == b'#').count();
    if bytes.get(at + hashes) != Some(&b'"') || (!raw && hashes > 0) {
        return start;
    }
    if !raw {
        return string(bytes, at);
    }
    let close: Vec<u8> = std::iter::once(b'"').chain(std::iter::repeat_n(b'#', hashes)).collect();
    let from = at + hashes + 1;
    let found = bytes[from..].windows(close.len()).position(|window| window == close);
    found.map_or(bytes.len(), |length| from + length + close.len())
}

/// A character; `start` itself for a lifetime.
fn character(bytes: &[u8], start: usize) -> usize {
    if bytes.get(start + 1) == Some(&b'\\') {
        let rest = &bytes[bytes.len().min(start + 3)..];
        return rest.iter().position(|byte| *byte == b'\'').map_or(start, |n| start + 4 + n);
    }
    // One character of at most four bytes, then the closing quote.
    let near = &bytes[bytes.len().min(start + 2)..bytes.len().min(start + 6)];
    match near.iter().position(|byte| *byte == b'\'') {
        Some(0) => start + 3,
        Some(n) if bytes[start + 1] >= 0x80 => start + 3 + n,
        _ => start,
    }
}
