//! The columns of a row of another system, of which nothing is taken for granted.

use super::limits::QUOTED_CHARS_MAX;
use crate::Millis;
use crate::json::Object;
use crate::limits::cut;
use crate::schedule::limits::TIME_MS_MAX;
use serde_json::Value;
use std::str::FromStr;

/// A row by the names of its columns; one that is NULL may be absent.
#[derive(Clone, Copy, Debug)]
pub struct Columns<'r>(pub &'r Object);

impl<'r> Columns<'r> {
    fn get(self, name: &str) -> Option<&'r Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    /// A text as it is.
    ///
    /// # Errors
    /// It is something else, or has a NUL character.
    pub fn whole(self, name: &str) -> Result<Option<&'r str>, String> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::String(text)) if text.contains('\0') => {
                Err(format!("`{name}` contains a NUL character"))
            }
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(format!("`{name}` is no text")),
        }
    }

    /// A text without blanks around it; one of blanks only is none.
    ///
    /// # Errors
    /// Those of [`Columns::whole`].
    pub fn text(self, name: &str) -> Result<Option<&'r str>, String> {
        Ok(self.whole(name)?.map(str::trim).filter(|text| !text.is_empty()))
    }

    /// A text that must be there.
    ///
    /// # Errors
    /// Those of [`Columns::whole`]; it is blank or missing.
    pub fn needed(self, name: &str) -> Result<&'r str, String> {
        self.text(name)?.ok_or_else(|| format!("`{name}` is blank"))
    }

    /// One of the words of a list.
    ///
    /// # Errors
    /// Those of [`Columns::whole`]; it is none of them.
    pub fn word<T: FromStr>(self, name: &str) -> Result<Option<T>, String> {
        let Some(word) = self.text(name)? else { return Ok(None) };
        let unknown = || format!("`{name}` is unknown: {}", cut(word, QUOTED_CHARS_MAX));
        word.parse().map(Some).map_err(|_| unknown())
    }

    /// A time.
    ///
    /// # Errors
    /// It is no whole number, or beyond the calendar.
    pub fn time(self, name: &str) -> Result<Option<Millis>, String> {
        let Some(value) = self.get(name) else { return Ok(None) };
        let known = value.as_i64().filter(|at| (0..=TIME_MS_MAX).contains(at));
        known.map(Some).ok_or_else(|| format!("`{name}` is no time"))
    }

    /// A number that is not negative; a negative one counts as 0, as in the original.
    ///
    /// # Errors
    /// It is no whole number.
    pub fn count(self, name: &str) -> Result<Option<u64>, String> {
        let Some(value) = self.get(name) else { return Ok(None) };
        let number = value.as_i64().ok_or_else(|| format!("`{name}` is no whole number"))?;
        Ok(Some(u64::try_from(number).unwrap_or_default()))
    }

    /// A text that is JSON. The JSON value `null` is one.
    ///
    /// # Errors
    /// Those of [`Columns::whole`]; it is no JSON.
    pub fn json(self, name: &str) -> Result<Option<Value>, String> {
        let Some(text) = self.whole(name)?.filter(|text| !text.trim().is_empty()) else {
            return Ok(None);
        };
        serde_json::from_str(text).map(Some).map_err(|_| format!("`{name}` is no JSON"))
    }

    /// A text that is a JSON object.
    ///
    /// # Errors
    /// Those of [`Columns::json`]; it is another value. `null` is none.
    pub fn object(self, name: &str) -> Result<Option<Object>, String> {
        match self.json(name)? {
            None | Some(Value::Null) => Ok(None),
            Some(Value::Object(fields)) => Ok(Some(fields)),
            Some(_) => Err(format!("`{name}` is no JSON object")),
        }
    }
}
