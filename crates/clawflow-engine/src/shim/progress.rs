//! Finds `::progress:: text` lines in a stream of any bytes, in bounded memory.

use super::limits::PROGRESS_LINE_BYTES;
use memchr::memchr;

const MARK: &[u8] = b"::progress::";

/// Scanner over chunks of stdout.
#[derive(Default)]
pub(super) struct Scanner {
    line: Vec<u8>,
    /// The current line cannot be progress; skip to its end.
    skip: bool,
    latest: Option<String>,
}

impl Scanner {
    /// Feeds bytes as they come.
    pub(super) fn feed(&mut self, mut bytes: &[u8]) {
        while let Some(end) = memchr(b'\n', bytes) {
            self.append(&bytes[..end]);
            self.end_line();
            bytes = &bytes[end + 1..];
        }
        self.append(bytes);
    }

    /// The latest text, if there is a new one.
    pub(super) fn take(&mut self) -> Option<String> {
        self.latest.take()
    }

    fn append(&mut self, bytes: &[u8]) {
        if self.skip {
            return;
        }
        if self.line.len() + bytes.len() > PROGRESS_LINE_BYTES {
            self.give_up();
            return;
        }
        self.line.extend_from_slice(bytes);
        let known = self.line.len().min(MARK.len());
        if self.line[..known] != MARK[..known] {
            self.give_up();
        }
    }

    fn give_up(&mut self) {
        self.skip = true;
        self.line.clear();
    }

    fn end_line(&mut self) {
        if !self.skip
            && let Some(text) = self.line.strip_prefix(MARK)
        {
            self.latest = Some(String::from_utf8_lossy(text).trim().to_owned());
        }
        self.skip = false;
        self.line.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_in_pieces_is_progress_once_it_ends() {
        let mut scanner = Scanner::default();
        for piece in [&b"::pro"[..], b"gress:: ha", b"lf"] {
            scanner.feed(piece);
            assert_eq!(scanner.take(), None);
        }
        scanner.feed(b"way\nother\n");
        assert_eq!(scanner.take().as_deref(), Some("halfway"));
    }

    #[test]
    fn a_mark_inside_a_line_or_before_too_long_a_text_is_not_progress() {
        let mut scanner = Scanner::default();
        scanner.feed(b"x ::progress:: no\n::progress:: ");
        scanner.feed(&[b'a'; PROGRESS_LINE_BYTES]);
        scanner.feed(b"\n");
        assert_eq!(scanner.take(), None);
        scanner.feed(b"::progress:: yes\n");
        assert_eq!(scanner.take().as_deref(), Some("yes"));
    }
}
