//! A controller's outputs: a small bag of values in the flow's row.

use super::Flow;
use super::guard::{Moved, moved};
use super::valid;
use crate::Millis;
use crate::error::{Code, Refusal};
use crate::json::{Object, fits};
use crate::limits::{KEY_CHARS_MAX, OUTPUTS_BYTES_MAX};
use serde_json::{Value, json};

fn invalid(message: String) -> Refusal {
    Refusal::new(Code::Invalid, message)
}

/// Replaces an output.
pub(crate) fn set_output(
    flow: &Flow,
    name: &str,
    value: Value,
    now: Millis,
) -> Result<Moved, Refusal> {
    let name = check_name(flow, name)?;
    valid::json("the output", &value)?;
    let mut outputs = flow.outputs.clone();
    outputs.insert(name.to_owned(), value);
    keep(flow, outputs, json!({ "name": name, "how": "set" }), now)
}

/// Makes an output an array, or extends the array.
pub(crate) fn append_output(
    flow: &Flow,
    name: &str,
    value: Value,
    now: Millis,
) -> Result<Moved, Refusal> {
    let name = check_name(flow, name)?;
    valid::json("the output", &value)?;
    let mut outputs = flow.outputs.clone();
    match outputs.get_mut(name) {
        None => {
            outputs.insert(name.to_owned(), json!([value]));
        }
        Some(Value::Array(items)) => items.push(value),
        Some(_) => return Err(invalid(format!("Flow output {name} is not an array."))),
    }
    keep(flow, outputs, json!({ "name": name, "how": "append" }), now)
}

fn check_name<'a>(flow: &Flow, name: &'a str) -> Result<&'a str, Refusal> {
    if flow.is_terminal() {
        return Err(Refusal::terminal(flow.status));
    }
    let name = name.trim();
    if name.is_empty() {
        return Err(invalid("Flow output key is required.".to_owned()));
    }
    if name.chars().count() > KEY_CHARS_MAX || name.chars().any(char::is_control) {
        return Err(invalid("the output key is too long or has control characters".to_owned()));
    }
    Ok(name)
}

fn keep(flow: &Flow, outputs: Object, data: Value, now: Millis) -> Result<Moved, Refusal> {
    let outputs = Value::Object(outputs);
    if !fits(&outputs, OUTPUTS_BYTES_MAX) {
        let message =
            format!("the flow's outputs together are larger than {OUTPUTS_BYTES_MAX} bytes");
        return Err(invalid(message));
    }
    let Value::Object(outputs) = outputs else { return Err(invalid(String::new())) };
    let next = Flow { outputs, ..flow.clone() };
    Ok(moved(flow, next, now, ("flow.output", data)))
}
