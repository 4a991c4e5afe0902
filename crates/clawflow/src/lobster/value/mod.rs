//! The values that pipelines pass on: JSON with the number, text and comparison rules of
//! JavaScript, because Lobster's commands are defined by them.

mod compare;
mod indent;
mod number;
mod object;
mod path;
mod read;
mod text;
mod write;

pub(crate) use compare::compare_text;
pub(crate) use compare::loosely_equal;
pub(crate) use compare::order;
pub(crate) use indent::Indenter;
pub(crate) use number::number_of;
pub(crate) use number::number_of_text;
pub(crate) use number::parse_int;
pub(crate) use object::Name;
pub(crate) use object::Object;
pub(crate) use path::at_path;
pub(crate) use path::property;
pub(crate) use read::Recent;
pub(crate) use read::Unread;
pub(crate) use read::read_json;
pub(crate) use text::first_units;
pub(crate) use text::is_space;
pub(crate) use text::join;
pub(crate) use text::number_text;
pub(crate) use text::text_of;
pub(crate) use text::trim;
pub(crate) use text::width;
pub(crate) use write::append;
pub(crate) use write::compact;
pub(crate) use write::pretty;
pub(crate) use write::stable;

/// A value of a pipeline.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) enum Value {
    /// What a field that is not there is. It leaves no trace in an object's JSON and is `null`
    /// in a list's.
    #[default]
    Undefined,
    /// `null`.
    Null,
    /// `true` and `false`.
    Bool(bool),
    /// Every number is a double.
    Number(f64),
    /// Text.
    Text(String),
    /// A list.
    List(Vec<Value>),
    /// Named fields.
    Object(Box<Object>),
}

impl Value {
    /// Whether a condition on it holds.
    pub(crate) fn is_truthy(&self) -> bool {
        match self {
            Self::Undefined | Self::Null => false,
            Self::Bool(truth) => *truth,
            Self::Number(number) => *number != 0.0 && !number.is_nan(),
            Self::Text(text) => !text.is_empty(),
            Self::List(_) | Self::Object(_) => true,
        }
    }

    /// Whether there is nothing: `undefined` or `null`.
    pub(crate) fn is_nullish(&self) -> bool {
        matches!(self, Self::Undefined | Self::Null)
    }

    /// The text, if it is one.
    pub(crate) fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The fields, if it has some.
    pub(crate) fn as_object(&self) -> Option<&Object> {
        match self {
            Self::Object(object) => Some(object),
            _ => None,
        }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<bool> for Value {
    fn from(truth: bool) -> Self {
        Self::Bool(truth)
    }
}

impl From<f64> for Value {
    fn from(number: f64) -> Self {
        Self::Number(number)
    }
}

impl From<Vec<Value>> for Value {
    fn from(items: Vec<Value>) -> Self {
        Self::List(items)
    }
}

impl From<Object> for Value {
    fn from(object: Object) -> Self {
        Self::Object(Box::new(object))
    }
}

impl From<Option<String>> for Value {
    fn from(text: Option<String>) -> Self {
        text.map_or(Self::Null, Self::Text)
    }
}

impl<V: Into<Value>, const N: usize> From<[(&str, V); N]> for Value {
    fn from(fields: [(&str, V); N]) -> Self {
        let mut object = Object::default();
        for (name, value) in fields {
            object.set(name, value.into());
        }
        object.into()
    }
}
