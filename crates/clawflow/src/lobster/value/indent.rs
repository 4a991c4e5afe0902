//! Compact JSON to what people read, without a look at what it says.

use std::io::{self, Write};

/// Writes what `pretty` makes of a value, given what `compact` makes of it in parts.
#[derive(Default)]
pub(crate) struct Indenter {
    depth: usize,
}

impl Indenter {
    /// Writes the next part, piece by piece. Texts and empty lists and objects are whole in a part.
    ///
    /// # Errors
    /// That of `to`.
    pub(crate) fn write(&mut self, compact: &str, to: &mut impl Write) -> io::Result<()> {
        self.write_until(None, compact, to)
    }

    /// Writes the list with which a text begins, and not what is behind it.
    ///
    /// # Errors
    /// That of `to`.
    pub(crate) fn write_list(&mut self, text: &str, to: &mut impl Write) -> io::Result<()> {
        // One that is empty makes no step in and out.
        let text = if text.starts_with("[]") { "[]" } else { text };
        self.write_until(Some(self.depth), text, to)
    }

    /// Writes up to where this depth is reached again.
    fn write_until(
        &mut self,
        end: Option<usize>,
        compact: &str,
        to: &mut impl Write,
    ) -> io::Result<()> {
        let mut bytes = compact.as_bytes();
        let mut out = Piece { bytes: Box::new([0; PIECE]), len: 0, to };
        // What was passed over since the last line break is copied at once.
        let (mut at, mut copied) = (0, 0);
        while let Some(&byte) = bytes.get(at) {
            at += 1;
            match byte {
                b'"' => at = end_of_text(bytes, at),
                b'[' | b'{' if matches!(bytes.get(at), Some(b']' | b'}')) => at += 1,
                b'[' | b'{' | b',' => {
                    out.copy(bytes, copied, at)?;
                    copied = at;
                    self.depth += usize::from(byte != b',');
                    out.line(self.depth)?;
                }
                b']' | b'}' => {
                    out.copy(bytes, copied, at - 1)?;
                    copied = at - 1;
                    self.depth = self.depth.saturating_sub(1);
                    out.line(self.depth)?;
                    if end == Some(self.depth) {
                        bytes = &bytes[..at];
                    }
                }
                b':' => {
                    out.copy(bytes, copied, at)?;
                    copied = at;
                    out.copy(LINE, 1, 2)?;
                }
                _ => {}
            }
        }
        out.copy(bytes, copied, bytes.len())?;
        out.flush()
    }
}

/// Behind the quotation mark that ends the text whose inside begins here.
fn end_of_text(bytes: &[u8], mut at: usize) -> usize {
    while let Some(&byte) = bytes.get(at) {
        at += if byte == b'\\' { 2 } else { 1 };
        if byte == b'"' {
            break;
        }
    }
    at.min(bytes.len())
}

/// So much is written at once: it stays in the processor's cache.
const PIECE: usize = 32 << 10;
/// A copy of a length that the compiler knows is a move or two; most copies are no longer.
const SHORT: usize = 32;
/// How a line begins.
const LINE: &[u8] = &{
    let mut line = [b' '; 2 * SHORT];
    line[0] = b'\n';
    line
};

/// What is not written yet.
struct Piece<'t, W> {
    bytes: Box<[u8; PIECE]>,
    len: usize,
    to: &'t mut W,
}

impl<W: Write> Piece<'_, W> {
    /// Copies `from[start..end]`.
    #[inline(always)]
    fn copy(&mut self, from: &[u8], start: usize, end: usize) -> io::Result<()> {
        let room = self.bytes.get_mut(self.len..self.len + SHORT);
        match (from.get(start..start + SHORT), room) {
            (Some(from), Some(room)) if end - start <= SHORT => {
                room.copy_from_slice(from);
                self.len += end - start;
                Ok(())
            }
            _ => self.copy_long(&from[start..end]),
        }
    }

    #[cold]
    fn copy_long(&mut self, part: &[u8]) -> io::Result<()> {
        if PIECE - self.len < part.len() {
            self.flush()?;
        }
        match self.bytes.get_mut(self.len..self.len + part.len()) {
            Some(room) => {
                room.copy_from_slice(part);
                self.len += part.len();
                Ok(())
            }
            None => self.to.write_all(part),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        let len = std::mem::take(&mut self.len);
        self.to.write_all(&self.bytes[..len])
    }

    /// Begins a line at this depth.
    #[inline(always)]
    fn line(&mut self, depth: usize) -> io::Result<()> {
        let first = depth.min(SHORT / 2 - 1);
        self.copy(LINE, 0, 1 + 2 * first)?;
        (first..depth).try_for_each(|_| self.copy(LINE, 1, 3))
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Value, compact, pretty, read_json};
    use super::*;

    fn indented(compact: &str) -> String {
        let mut out = Vec::new();
        Indenter::default().write(compact, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_text_is_indented_as_its_value_is() {
        for text in [
            r#"null"#,
            r#"[]"#,
            r#"{}"#,
            r#"-1.5e-9"#,
            r#""a, {b}: [c]""#,
            r#"[[],{},[[]],[{}],{"a":[]}]"#,
            &format!("{}1,[2]{}", "[".repeat(40), "]".repeat(40)),
            r#"{"a":1,"b":[true,null,"\"","\\","\\\",[{"],"c d":{"e":-0.5},"ü":"\u0001\n"}"#,
            r#"[{"1":"x"},[1e21,123456789012345680000],""]"#,
        ] {
            let value = read_json(text).unwrap();
            let compact = compact(&value).unwrap();
            assert_eq!(indented(&compact), pretty(&value).unwrap(), "{text}");
        }
    }

    #[test]
    fn parts_are_indented_as_the_whole_is() {
        let (first, second, third) = (r#"{"a":"#, r#"[{"b":1},"]",[[]]]"#, r#","c":null}"#);
        let mut out = Vec::new();
        let mut indenter = Indenter::default();
        for part in [first, second, third] {
            indenter.write(part, &mut out).unwrap();
        }
        let whole = format!("{first}{second}{third}");
        assert_eq!(String::from_utf8(out).unwrap(), indented(&whole));
    }

    #[test]
    fn a_list_ends_at_its_bracket() {
        for list in ["[]", "[1]", r#"["]",["[\"]"],{"a":[{}]}]"#] {
            let mut out = Vec::new();
            let text = format!("{list},[]]]");
            Indenter::default().write_list(&text, &mut out).unwrap();
            assert_eq!(String::from_utf8(out).unwrap(), indented(list), "{list}");
        }
        for text in ["", "]", "1", "[", "[\"]", "[[]", "a[]", "[\"\\"] {
            let mut out = Vec::new();
            Indenter::default().write_list(text, &mut out).unwrap();
            assert!(out.len() <= 2 * text.len() + 8, "{text}");
        }
    }

    #[test]
    fn a_long_text_comes_in_pieces() {
        let long = "x".repeat(100_000);
        let items = vec![read_json(r#"{"a":[1,{"b":"é"}]}"#).unwrap(); 10_000];
        let value = Value::from(vec![items.into(), long.into(), Value::Null]);
        let compact = compact(&value).unwrap();
        assert_eq!(indented(&compact), pretty(&value).unwrap());
        let mut pieces = Pieces::default();
        Indenter::default().write(&compact, &mut pieces).unwrap();
        assert!(pieces.0 > 10, "{} pieces", pieces.0);
    }

    #[derive(Default)]
    struct Pieces(usize);

    impl Write for Pieces {
        fn write(&mut self, piece: &[u8]) -> io::Result<usize> {
            self.0 += 1;
            Ok(piece.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn what_is_no_json_is_not_looked_at_beyond_its_end() {
        for text in ["\"", "\"\\", "]]", "[", "{\"a", ""] {
            assert!(indented(text).len() <= 2 * text.len() + 8, "{text}");
        }
    }
}
