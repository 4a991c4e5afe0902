//! Values to JSON, as `JSON.stringify` writes it.

use super::{Object, Value, compare_text};
use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};
use serde_json::ser::{Formatter, PrettyFormatter};
use std::io::{self, Write};

/// `JSON.stringify(value)`; `None` for `undefined`, which has no JSON.
pub(crate) fn compact(value: &Value) -> Option<String> {
    (*value != Value::Undefined).then(|| written(value, Compact))
}

/// Writes a value behind others as [`compact`] does, and `undefined` as `null`: an item of a list.
pub(crate) fn append(out: &mut Vec<u8>, value: &Value) {
    write(out, value, Compact);
}

/// `JSON.stringify(value, null, 2)`.
pub(crate) fn pretty(value: &Value) -> Option<String> {
    (*value != Value::Undefined).then(|| written(value, Pretty(PrettyFormatter::new())))
}

/// Writes what [`pretty`] makes of a value, given what [`compact`] makes of it in parts.
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
        /// Pieces are about so long: they stay in the processor's cache.
        const PIECE: usize = 32 << 10;
        let mut bytes = compact.as_bytes();
        let mut out = Vec::with_capacity(2 * PIECE);
        // What was passed over since the last line break is copied at once.
        let (mut at, mut copied) = (0, 0);
        while let Some(&byte) = bytes.get(at) {
            at += 1;
            match byte {
                b'"' => at = end_of_text(bytes, at),
                b'[' | b'{' if matches!(bytes.get(at), Some(b']' | b'}')) => at += 1,
                b'[' | b'{' | b',' => {
                    out.extend_from_slice(&bytes[copied..at]);
                    copied = at;
                    self.depth += usize::from(byte != b',');
                    line(&mut out, self.depth);
                }
                b']' | b'}' => {
                    out.extend_from_slice(&bytes[copied..at - 1]);
                    copied = at - 1;
                    self.depth = self.depth.saturating_sub(1);
                    line(&mut out, self.depth);
                    if end == Some(self.depth) {
                        bytes = &bytes[..at];
                    }
                }
                b':' => {
                    out.extend_from_slice(&bytes[copied..at]);
                    copied = at;
                    out.push(b' ');
                }
                _ => {}
            }
            if out.len() >= PIECE {
                to.write_all(&out)?;
                out.clear();
            }
        }
        to.write_all(&out)?;
        to.write_all(&bytes[copied..])
    }
}

fn line(out: &mut Vec<u8>, depth: usize) {
    const START: &[u8] = b"\n                                ";
    match START.get(..=2 * depth) {
        Some(start) => out.extend_from_slice(start),
        None => {
            out.push(b'\n');
            out.resize(out.len() + 2 * depth, b' ');
        }
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

/// The same text for values that differ only in the order of their fields.
pub(crate) fn stable(value: &Value) -> Option<String> {
    (*value != Value::Undefined).then(|| written(&Sorted(value), Compact))
}

fn written(value: &impl Serialize, formatter: impl Formatter) -> String {
    let mut bytes = Vec::new();
    write(&mut bytes, value, formatter);
    String::from_utf8(bytes).unwrap_or_default()
}

fn write(out: &mut Vec<u8>, value: &impl Serialize, formatter: impl Formatter) {
    let mut serializer = serde_json::Serializer::with_formatter(out, formatter);
    // invariant: values have text as names, and memory takes what is written
    value.serialize(&mut serializer).expect("values can be written");
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Undefined | Self::Null => serializer.serialize_unit(),
            Self::Bool(truth) => serializer.serialize_bool(*truth),
            Self::Number(number) => match whole(*number) {
                Some(number) => serializer.serialize_i64(number),
                None => serializer.serialize_f64(*number),
            },
            Self::Text(text) => serializer.serialize_str(text),
            Self::List(items) => serializer.collect_seq(items),
            Self::Object(object) => object.serialize(serializer),
        }
    }
}

impl Serialize for Object {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        self.try_each(|name, value| match value {
            Value::Undefined => Ok(()),
            value => map.serialize_entry(name, value),
        })?;
        map.end()
    }
}

/// A number that has the same digits as an integer; the others are written by the formatter.
fn whole(number: f64) -> Option<i64> {
    /// Up to here every integer is a double and is written with all of its digits.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    #[expect(clippy::cast_possible_truncation, reason = "it is whole and in range")]
    (number.trunc() == number && number.abs() <= EXACT).then_some(number as i64)
}

/// A value that is written with its fields in order of their names.
struct Sorted<'v>(&'v Value);

impl Serialize for Sorted<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::List(items) => {
                let mut list = serializer.serialize_seq(None)?;
                for item in items {
                    list.serialize_element(&Sorted(item))?;
                }
                list.end()
            }
            Value::Object(object) => {
                // Names like list positions stay in front, as in every object.
                let mut fields: Vec<_> = object.iter().enumerate().collect();
                fields.sort_by(|(n, (left, _)), (m, (right, _))| {
                    let front = |name: &str| super::path::position(name).is_none();
                    let group = front(left).cmp(&front(right));
                    let within = || match front(left) {
                        true => compare_text(left, right),
                        false => n.cmp(m),
                    };
                    group.then_with(within)
                });
                let mut map = serializer.serialize_map(None)?;
                let fields = fields.into_iter().map(|(_, field)| field);
                for (name, value) in fields.filter(|(_, value)| **value != Value::Undefined) {
                    map.serialize_entry(name, &Sorted(value))?;
                }
                map.end()
            }
            value => value.serialize(serializer),
        }
    }
}

fn write_number<W: ?Sized + Write>(writer: &mut W, number: f64) -> io::Result<()> {
    writer.write_all(ryu_js::Buffer::new().format(number).as_bytes())
}

/// No white space at all.
struct Compact;

impl Formatter for Compact {
    fn write_f64<W: ?Sized + Write>(&mut self, writer: &mut W, number: f64) -> io::Result<()> {
        write_number(writer, number)
    }
}

/// Two spaces for each level.
struct Pretty(PrettyFormatter<'static>);

impl Formatter for Pretty {
    fn write_f64<W: ?Sized + Write>(&mut self, writer: &mut W, number: f64) -> io::Result<()> {
        write_number(writer, number)
    }

    fn begin_array<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.begin_array(writer)
    }

    fn end_array<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_array(writer)
    }

    fn begin_array_value<W: ?Sized + Write>(
        &mut self,
        writer: &mut W,
        first: bool,
    ) -> io::Result<()> {
        self.0.begin_array_value(writer, first)
    }

    fn end_array_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_array_value(writer)
    }

    fn begin_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.begin_object(writer)
    }

    fn end_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_object(writer)
    }

    fn begin_object_key<W: ?Sized + Write>(
        &mut self,
        writer: &mut W,
        first: bool,
    ) -> io::Result<()> {
        self.0.begin_object_key(writer, first)
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.begin_object_value(writer)
    }

    fn end_object_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_object_value(writer)
    }
}

#[cfg(test)]
mod tests {
    use super::super::read_json;
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
