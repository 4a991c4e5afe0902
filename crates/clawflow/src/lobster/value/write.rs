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
