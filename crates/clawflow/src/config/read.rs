//! A value as somebody wrote it, before anyone knows whether it is good.

use std::path::PathBuf;

use toml::Spanned;
use toml::de::DeValue;

/// A written value. A file has types; the environment and flags have only text.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Raw {
    /// From the environment, a flag or the table's defaults: text that can mean any type.
    Loose(String),
    /// A path made by clawflow itself, for instance below the home; may not be UTF-8.
    Path(PathBuf),
    /// A string in a file.
    Text(String),
    /// An integer in a file.
    Integer(i64),
    /// A boolean in a file.
    Boolean(bool),
    /// A number with a fraction in a file, as it is written.
    Float(String),
    /// An array of strings in a file.
    List(Vec<String>),
    /// A table in a file, in its order.
    Table(Vec<(String, Self)>),
    /// Anything else in a file, described for messages ("a table").
    Other(String),
}

impl Raw {
    /// Takes a value out of a parsed file.
    pub(crate) fn from_toml(value: &DeValue<'_>) -> Self {
        match value {
            DeValue::String(text) => Self::Text(text.clone().into_owned()),
            DeValue::Boolean(on) => Self::Boolean(*on),
            DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
                .map_or_else(|_| Self::Other(format!("`{number}`")), Self::Integer),
            DeValue::Float(number) => Self::Float(number.as_str().to_owned()),
            DeValue::Datetime(date) => Self::Other(format!("the date `{date}`")),
            DeValue::Table(table) => {
                let row = |key: &str, value: &DeValue<'_>| (key.to_owned(), Self::from_toml(value));
                Self::Table(table.iter().map(|(k, v)| row(k.get_ref(), v.get_ref())).collect())
            }
            DeValue::Array(items) => list(items.iter().map(Spanned::get_ref)),
        }
    }

    /// The value as a message quotes it.
    pub(crate) fn describe(&self) -> String {
        match self {
            Self::Loose(text) => format!("`{}`", text.escape_debug()),
            // With its quotes: `"4"` where a number is wanted looks right without them.
            Self::Text(text) => format!("`{text:?}`"),
            Self::Path(path) => format!("`{}`", path.display().to_string().escape_debug()),
            Self::Integer(number) => format!("`{number}`"),
            Self::Boolean(on) => format!("`{on}`"),
            Self::Float(number) => format!("`{number}`"),
            Self::List(_) => "a list".to_owned(),
            Self::Table(_) => "a table".to_owned(),
            Self::Other(what) => what.clone(),
        }
    }
}

/// An array of strings, or a description of the first item that is none.
fn list<'a, 'i: 'a>(items: impl Iterator<Item = &'a DeValue<'i>>) -> Raw {
    let mut texts = Vec::new();
    for item in items {
        match Raw::from_toml(item) {
            Raw::Text(text) => texts.push(text),
            other => return Raw::Other(format!("a list that contains {}", other.describe())),
        }
    }
    Raw::List(texts)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Raw {
        Raw::from_toml(DeValue::parse(text).unwrap().get_ref())
    }

    #[test]
    fn each_type_of_toml_is_taken() {
        assert_eq!(read("'a'"), Raw::Text("a".into()));
        assert_eq!(read("0x10"), Raw::Integer(16));
        assert_eq!(read("1_000"), Raw::Integer(1000));
        assert_eq!(read("-3"), Raw::Integer(-3));
        assert_eq!(read("true"), Raw::Boolean(true));
        assert_eq!(read("['a', 'b']"), Raw::List(vec!["a".into(), "b".into()]));
    }

    #[test]
    fn what_no_setting_takes_is_described() {
        assert_eq!(read("1.5").describe(), "`1.5`");
        assert_eq!(read("99999999999999999999").describe(), "`99999999999999999999`");
        assert_eq!(read("1979-05-27").describe(), "the date `1979-05-27`");
        assert_eq!(read("{ a = 1 }").describe(), "a table");
        assert_eq!(read("['a', 2]").describe(), "a list that contains `2`");
    }
}
