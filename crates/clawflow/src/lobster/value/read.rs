//! JSON to values.

use super::{Name, Object, Value};
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::fmt;
use std::ops::Range;

/// How deep lists and objects may be nested: whatever walks a value does so on the stack.
pub(crate) const DEPTH: usize = 500;

/// Reads one JSON value.
///
/// # Errors
/// Why the text is none.
pub(crate) fn read_json(text: &str) -> Result<Value, String> {
    read_like(text, DEPTH, &Recent::default())
}

/// A JSON list whose items are read when they are taken, in any order. What is done with an item
/// then finds its fields in the processor's cache, and leaves its memory to the next one.
pub(crate) struct Unread {
    text: String,
    /// Where in the text each item is.
    places: Vec<Range<usize>>,
}

impl Unread {
    /// Reads where the items are.
    ///
    /// # Errors
    /// Why the text is no JSON list.
    pub(crate) fn list(text: String) -> Result<Self, String> {
        let list = serde_json::from_str(super::trim(&text));
        let items: Vec<&RawValue> = list.map_err(|error| error.to_string())?;
        let place = |item: &&RawValue| {
            let start = item.get().as_ptr().addr() - text.as_ptr().addr();
            start..start + item.get().len()
        };
        let places = items.iter().map(place).collect();
        Ok(Self { text, places })
    }

    /// How many items there are.
    pub(crate) fn len(&self) -> usize {
        self.places.len()
    }

    /// Reads an item.
    ///
    /// # Errors
    /// Why it is no value here: it is nested too deep, or has a number that is no double.
    pub(crate) fn read(&self, at: usize, recent: &Recent) -> Result<Value, String> {
        read_like(&self.text[self.places[at].clone()], DEPTH - 1, recent)
    }

    /// The items from one on, in parts: a part ends when its text is so long.
    pub(crate) fn parts(&self, from: usize, bytes: usize) -> Vec<Range<usize>> {
        let mut parts = Vec::new();
        let mut start = from;
        for at in from..self.len() {
            let is_full = self.places[at].end - self.places[start].start >= bytes;
            if is_full || at + 1 == self.len() {
                parts.push(start..at + 1);
                start = at + 1;
            }
        }
        parts
    }
}

fn read_like(text: &str, depth: usize, recent: &Recent) -> Result<Value, String> {
    read(text, depth, recent).or_else(|error| match mended(text) {
        Cow::Owned(text) => read(&text, depth, recent).map_err(|error| error.to_string()),
        Cow::Borrowed(_) => Err(error.to_string()),
    })
}

fn read(text: &str, depth: usize, recent: &Recent) -> Result<Value, serde_json::Error> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    // Bounded by the seed.
    deserializer.disable_recursion_limit();
    let value = Seed { depth, recent }.deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok(value)
}

/// Replaces escaped halves of characters, which JavaScript's own writer makes when it cuts a text.
fn mended(text: &str) -> Cow<'_, str> {
    let mut mended = String::new();
    let mut copied = 0;
    let mut at = 0;
    while let Some(found) = text[at..].find('\\').map(|found| at + found) {
        let Some(unit) = escaped_unit(text, found) else {
            // Past the escaped character, which may be longer than a byte.
            at = found + 1 + text[found + 1..].chars().next().map_or(0, char::len_utf8);
            continue;
        };
        at = found + 6;
        let low = |at| escaped_unit(text, at).is_some_and(|unit| (0xdc00..0xe000).contains(&unit));
        match unit {
            0xd800..0xdc00 if low(at) => at += 6,
            0xd800..0xe000 => {
                mended.push_str(&text[copied..found]);
                mended.push_str("\\ufffd");
                copied = at;
            }
            _ => {}
        }
    }
    if copied == 0 {
        return Cow::Borrowed(text);
    }
    mended.push_str(&text[copied..]);
    Cow::Owned(mended)
}

/// The unit of a `\uXXXX` at a place.
fn escaped_unit(text: &str, at: usize) -> Option<u16> {
    let digits = text.get(at..at + 6)?.strip_prefix("\\u")?;
    u16::from_str_radix(digits, 16).ok()
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Seed { depth: DEPTH, recent: &Recent::default() }.deserialize(deserializer)
    }
}

/// What was read last: what comes next is mostly like it.
#[derive(Default)]
pub(crate) struct Recent {
    /// Recent, to be shared; each has one place where it can be.
    names: [RefCell<Option<Name>>; 32],
    /// How many fields the last object had.
    fields: Cell<usize>,
    /// How many items the last list had.
    items: Cell<usize>,
}

/// Room that is made for what may not come.
const ROOM: usize = 16;

impl Recent {
    /// A name, shared with those who asked for it before.
    pub(crate) fn share(&self, name: &str) -> Name {
        let bytes = name.as_bytes();
        let ends = bytes.first().zip(bytes.last());
        let ends = ends.map_or(0, |(first, last)| usize::from(*first) * 5 + usize::from(*last));
        let mut place = self.names[(ends + name.len()) % self.names.len()].borrow_mut();
        match &*place {
            Some(found) if **found == *name => found.clone(),
            _ => place.insert(Name::from(name)).clone(),
        }
    }
}

/// Reads a name.
struct NameSeed<'n>(&'n Recent);

impl<'de> DeserializeSeed<'de> for NameSeed<'_> {
    type Value = Name;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Name, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for NameSeed<'_> {
    type Value = Name;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_str<E>(self, name: &str) -> Result<Name, E> {
        Ok(self.0.share(name))
    }
}

/// Reads a value that may still be nested so deep.
#[derive(Clone, Copy)]
struct Seed<'n> {
    depth: usize,
    recent: &'n Recent,
}

impl Seed<'_> {
    fn deeper<E: Error>(self) -> Result<Self, E> {
        let deeper = self.depth.checked_sub(1).map(|depth| Self { depth, ..self });
        deeper.ok_or_else(|| E::custom(format!("nested more than {DEPTH} deep")))
    }
}

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

#[expect(clippy::cast_precision_loss, reason = "every number is a double")]
impl<'de> Visitor<'de> for Seed<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, truth: bool) -> Result<Value, E> {
        Ok(Value::Bool(truth))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(Value::Number(number as f64))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
        Ok(Value::Number(number as f64))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Value, E> {
        Ok(Value::Number(number))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::Text(text.to_owned()))
    }

    fn visit_string<E>(self, text: String) -> Result<Value, E> {
        Ok(Value::Text(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let deeper = self.deeper()?;
        let mut list = Vec::with_capacity(self.recent.items.get().min(ROOM));
        while let Some(item) = items.next_element_seed(deeper)? {
            list.push(item);
        }
        self.recent.items.set(list.len());
        Ok(Value::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Value, A::Error> {
        let deeper = self.deeper()?;
        // One more is what most commands add.
        let mut object = Object::with_capacity(self.recent.fields.get() + 1);
        while let Some(name) = fields.next_key_seed(NameSeed(self.recent))? {
            object.set(name, fields.next_value_seed(deeper)?);
        }
        self.recent.fields.set(object.len());
        Ok(object.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn items(text: &str) -> Result<Vec<Value>, String> {
        let list = Unread::list(text.to_owned())?;
        (0..list.len()).map(|at| list.read(at, &Recent::default())).collect()
    }

    fn nested(depth: usize) -> String {
        format!("{}{}", "[".repeat(depth), "]".repeat(depth))
    }

    #[test]
    fn items_are_those_of_the_list() {
        for text in [
            "[]",
            " \n[ ]\t",
            "\u{feff} [1, {\"a\":[2]} ,\"b\" , null]\n",
            r#"["\ud800","\u00e9",{"\udc00":"é"}]"#,
            &nested(DEPTH),
        ] {
            let list = read_json(super::super::trim(text)).unwrap();
            assert_eq!(Value::List(items(text).unwrap()), list, "{text}");
        }
    }

    #[test]
    fn a_list_that_is_no_json_has_no_items() {
        for text in ["", "[", "[1", "[1,]", "[1 2]", "[1]]", r#"[1,{"a":}]"#, "[nope]", "nope", "1"]
        {
            assert!(Unread::list(text.to_owned()).is_err(), "{text}");
        }
    }

    #[test]
    fn an_item_that_is_no_value_is_told_in_its_turn() {
        for text in [format!("[1,{}]", nested(DEPTH)), "[1,1e999]".to_owned()] {
            let list = Unread::list(text).unwrap();
            let recent = Recent::default();
            assert_eq!(list.read(0, &recent), Ok(Value::Number(1.0)));
            list.read(1, &recent).unwrap_err();
        }
    }

    #[test]
    fn parts_have_each_item_once() {
        let text = format!("[{}]", ["\"12345678\""; 10].join(","));
        let list = Unread::list(text).unwrap();
        assert_eq!(list.parts(0, 1), (0..10).map(|at| at..at + 1).collect::<Vec<_>>());
        assert_eq!(list.parts(0, 30), [0..3, 3..6, 6..9, 9..10]);
        assert_eq!(list.parts(2, 30), [2..5, 5..8, 8..10]);
        assert_eq!(list.parts(0, 90), [0..9, 9..10]);
        assert!(list.parts(10, 1).is_empty());
    }
}
