//! The fields of a request, gathered from path, query and body, read as the request's type.
//!
//! Text of a path or query becomes what the type asks for: numbers, `true` and `false`, and lists,
//! repeated or separated by commas. A field that the type does not know is an error: a misspelt
//! `expectedRevision` must not go unnoticed.

use clawflow_core::json::Object;
use clawflow_engine::api::ApiError;
use serde::de::value::{SeqDeserializer, StrDeserializer};
use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, Error as _, IntoDeserializer, MapAccess,
    Visitor,
};
use serde::forward_to_deserialize_any;
use serde_json::Value;
use std::fmt;

/// Fields of one request by name.
#[derive(Debug, Default)]
pub(crate) struct Fields(Vec<(String, Field)>);

#[derive(Debug)]
enum Field {
    Text(Vec<String>),
    Json(Value),
}

impl Fields {
    /// Adds the fields of a body.
    pub(crate) fn add_body(&mut self, body: Object) {
        self.0.extend(body.into_iter().map(|(name, value)| (name, Field::Json(value))));
    }

    /// Adds a field of the query, unless the body has it; one that comes twice is a list.
    pub(crate) fn add_query(&mut self, name: String, value: String) {
        match self.0.iter_mut().find(|(known, _)| *known == name) {
            Some((_, Field::Text(values))) => values.push(value),
            Some((_, Field::Json(_))) => {}
            None => self.0.push((name, Field::Text(vec![value]))),
        }
    }

    /// Adds a field of the path.
    pub(crate) fn add_path(&mut self, name: &str, value: String) {
        self.0.push((name.to_owned(), Field::Text(vec![value])));
    }

    /// Adds a field of a header, unless another value of it is there already.
    pub(crate) fn add_header(&mut self, name: &str, value: Value) -> bool {
        match self.0.iter().find(|(known, _)| known == name) {
            Some((_, Field::Json(known))) => *known == value,
            Some((_, Field::Text(known))) => match (known.as_slice(), &value) {
                ([known], Value::String(value)) => known == value,
                ([known], value) => value.as_u64().is_some_and(|n| known.parse() == Ok(n)),
                _ => false,
            },
            None => {
                self.0.push((name.to_owned(), Field::Json(value)));
                true
            }
        }
    }

    /// Whether the field is there.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(known, _)| known == name)
    }

    /// The field as a number, if it is there and one.
    pub(crate) fn number(&self, name: &str) -> Option<u64> {
        match self.0.iter().find(|(known, _)| known == name) {
            Some((_, Field::Json(value))) => value.as_u64(),
            Some((_, Field::Text(values))) => values.first()?.parse().ok(),
            None => None,
        }
    }

    /// Reads them as a request.
    pub(crate) fn read<T: DeserializeOwned>(self) -> Result<T, ApiError> {
        T::deserialize(self).map_err(|error| ApiError::new("bad_request", error.0))
    }
}

/// What was wrong, in words.
#[derive(Debug)]
pub(crate) struct Wrong(String);

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Wrong {}

impl serde::de::Error for Wrong {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self(message.to_string())
    }
}

impl<'de> Deserializer<'de> for Fields {
    type Error = Wrong;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        visitor.visit_map(Entries { rest: self.0.into_iter(), next: None })
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        known: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Wrong> {
        if let Some((name, _)) = self.0.iter().find(|(name, _)| !known.contains(&name.as_str())) {
            let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
            return Err(Wrong(format!("unknown field `{name}`, expected {known}")));
        }
        self.deserialize_any(visitor)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option
        unit unit_struct newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

struct Entries {
    rest: std::vec::IntoIter<(String, Field)>,
    next: Option<(String, Field)>,
}

impl<'de> MapAccess<'de> for Entries {
    type Error = Wrong;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Wrong> {
        self.next = self.rest.next();
        let Some((name, _)) = &self.next else { return Ok(None) };
        seed.deserialize(StrDeserializer::new(name)).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Wrong> {
        let Some((name, field)) = self.next.take() else {
            return Err(Wrong::custom("a value without a name"));
        };
        let read = match field {
            Field::Text(values) => seed.deserialize(Text(values)).map_err(|error| error.0),
            Field::Json(value) => seed.deserialize(value).map_err(|error| error.to_string()),
        };
        read.map_err(|why| Wrong(format!("field `{name}`: {why}")))
    }
}

/// A value of a path or query.
struct Text(Vec<String>);

impl Text {
    fn one(mut self) -> Result<String, Wrong> {
        match (self.0.pop(), self.0.is_empty()) {
            (Some(value), true) => Ok(value),
            _ => Err(Wrong::custom("given more than once")),
        }
    }

    fn number<T: std::str::FromStr>(self) -> Result<T, Wrong> {
        let text = self.one()?;
        text.parse().map_err(|_| Wrong(format!("`{text}` is no number that fits here")))
    }
}

macro_rules! numbers {
    ($($method:ident $visit:ident)+) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
            visitor.$visit(self.number()?)
        }
    )+};
}

impl<'de> Deserializer<'de> for Text {
    type Error = Wrong;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        visitor.visit_string(self.one()?)
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        let text = self.one()?;
        match text.as_str() {
            "true" | "1" | "" => visitor.visit_bool(true),
            "false" | "0" => visitor.visit_bool(false),
            _ => Err(Wrong(format!("`{text}` is neither true nor false"))),
        }
    }

    numbers! {
        deserialize_u8 visit_u8 deserialize_u16 visit_u16 deserialize_u32 visit_u32
        deserialize_u64 visit_u64 deserialize_i8 visit_i8 deserialize_i16 visit_i16
        deserialize_i32 visit_i32 deserialize_i64 visit_i64 deserialize_f64 visit_f64
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Wrong> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        let words = self.0.iter().flat_map(|value| value.split(','));
        let words: Vec<String> =
            words.map(str::trim).filter(|word| !word.is_empty()).map(str::to_owned).collect();
        visitor.visit_seq(SeqDeserializer::new(words.into_iter()))
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Wrong> {
        visitor.visit_enum(self.one()?.into_deserializer())
    }

    forward_to_deserialize_any! {
        i128 u128 f32 char str string bytes byte_buf unit unit_struct tuple tuple_struct map struct
        identifier ignored_any
    }
}

/// The names of the fields that a request type knows.
pub(crate) fn names_of<T: DeserializeOwned>() -> &'static [&'static str] {
    struct Probe<'a>(&'a mut &'static [&'static str]);

    impl<'de> Deserializer<'de> for Probe<'_> {
        type Error = Wrong;

        fn deserialize_any<V: Visitor<'de>>(self, _visitor: V) -> Result<V::Value, Wrong> {
            Err(Wrong::custom("only names are asked for"))
        }

        fn deserialize_struct<V: Visitor<'de>>(
            self,
            _name: &'static str,
            known: &'static [&'static str],
            visitor: V,
        ) -> Result<V::Value, Wrong> {
            *self.0 = known;
            self.deserialize_any(visitor)
        }

        forward_to_deserialize_any! {
            bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf
            option unit unit_struct newtype_struct seq tuple tuple_struct map enum identifier
            ignored_any
        }
    }

    let mut names: &'static [&'static str] = &[];
    // Always an error: nothing is read, the visit only tells the names.
    let _ = T::deserialize(Probe(&mut names));
    names
}
