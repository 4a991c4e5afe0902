//! What `{{path | filter}}` does to a value.

use super::{date, holes, replace};
use crate::lobster::pipeline::failure::Failure;
use crate::lobster::value::{
    Value, first_units, join, number_of, parse_int, pretty, text_of, trim, width,
};

/// A filter with what it was given.
pub(super) struct Filter {
    name: String,
    args: Vec<String>,
}

impl Filter {
    /// Reads a filter. Whether there is one of that name shows when it is applied.
    pub(super) fn parse(text: &str) -> Self {
        let mut words = holes::words(text).into_iter();
        Self { name: words.next().unwrap_or_default(), args: words.collect() }
    }

    fn arg(&self, at: usize) -> Option<&str> {
        self.args.get(at).map(String::as_str)
    }

    /// Applies it.
    pub(super) fn apply(&self, value: Value) -> Result<Value, Failure> {
        Ok(match self.name.as_str() {
            "upper" => text(&value).to_uppercase().into(),
            "lower" => text(&value).to_lowercase().into(),
            "trim" => trim(&text(&value)).into(),
            "string" => text(&value).into(),
            "truncate" => truncate(&text(&value), self.arg(0)).into(),
            "replace" => {
                let (from, to) = (self.arg(0).unwrap_or_default(), self.arg(1).unwrap_or_default());
                replace::replace_all(&text(&value), from, to).into()
            }
            "split" => split(&text(&value), self.arg(0).unwrap_or(",")),
            "first" => end(value, |items| items.into_iter().next()),
            "last" => end(value, |mut items| items.pop()),
            "length" => length(&value),
            "join" => match &value {
                Value::List(items) => join(items, self.arg(0).unwrap_or(", ")).into(),
                value => text(value).into(),
            },
            "json" => pretty(&value).map_or(Value::Undefined, Value::Text),
            "default" if value.is_nullish() || value.as_text() == Some("") => {
                self.arg(0).map_or(Value::Undefined, Value::from)
            }
            "default" => value,
            "round" => round(value, self.arg(0))?,
            "date" => date::format(&value, self.arg(0)).into(),
            name => return Err(Failure::new(format!("Unknown template filter: {name}"))),
        })
    }
}

/// The text of a value; nothing for what is not there.
fn text(value: &Value) -> String {
    if value.is_nullish() { String::new() } else { text_of(value).into_owned() }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "cut to the length")]
#[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
fn truncate(text: &str, most: Option<&str>) -> String {
    const MOST: f64 = 80.0;
    let most = most.and_then(parse_int).unwrap_or(MOST);
    let length = width(text) as f64;
    if length <= most {
        return text.to_owned();
    }
    // A negative number counts from the end.
    let kept = if most < 0.0 { (length + most).max(0.0) } else { most };
    format!("{}...", first_units(text, kept as usize))
}

fn split(text: &str, separator: &str) -> Value {
    if separator.is_empty() {
        return Value::List(text.chars().map(|c| c.to_string().into()).collect());
    }
    Value::List(text.split(separator).map(Value::from).collect())
}

fn end(value: Value, take: impl Fn(Vec<Value>) -> Option<Value>) -> Value {
    match value {
        Value::List(items) => take(items).unwrap_or_default(),
        value => value,
    }
}

#[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
fn length(value: &Value) -> Value {
    Value::Number(match value {
        Value::List(items) => items.len() as f64,
        Value::Text(text) => width(text) as f64,
        _ => 0.0,
    })
}

fn round(value: Value, digits: Option<&str>) -> Result<Value, Failure> {
    /// From here on numbers have no fraction, and are left as they are.
    const WHOLE: f64 = 1e21;
    let digits = digits.and_then(parse_int).unwrap_or(0.0);
    let number = number_of(&value);
    if number.is_nan() {
        return Ok(value);
    }
    if !(0.0..=100.0).contains(&digits) {
        return Err(Failure::new("toFixed() digits argument must be between 0 and 100"));
    }
    if number.abs() >= WHOLE {
        return Ok(Value::Number(number));
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 100")]
    let text = ryu_js::Buffer::new().format_to_fixed(number, digits as u8).to_owned();
    Ok(Value::Number(text.parse().unwrap_or(number)))
}
