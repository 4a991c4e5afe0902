//! What texts and values a flow's row may hold.

use super::patch::{Field, Patch};
use crate::error::{Code, Refusal};
use crate::json::fits;
use crate::limits::{JSON_BYTES_MAX, KEY_CHARS_MAX, LABELS_MAX, TEXT_CHARS_MAX};
use serde_json::Value;
use std::collections::BTreeMap;

fn invalid(message: String) -> Refusal {
    Refusal::new(Code::Invalid, message)
}

/// A text that must say something, as it is stored: without blanks around it.
pub(crate) fn text(what: &str, text: &str) -> Result<String, Refusal> {
    let trimmed = text.trim();
    if trimmed.is_empty() {
        return Err(invalid(format!("{what} is blank")));
    }
    if trimmed.contains('\0') {
        return Err(invalid(format!("{what} contains a NUL character")));
    }
    if trimmed.chars().count() > TEXT_CHARS_MAX {
        return Err(invalid(format!("{what} is longer than {TEXT_CHARS_MAX} characters")));
    }
    Ok(trimmed.to_owned())
}

/// A text that must say something and is stored as it is.
pub(crate) fn whole(what: &str, whole: &str) -> Result<(), Refusal> {
    text(what, whole)?;
    if whole.chars().count() > TEXT_CHARS_MAX {
        return Err(invalid(format!("{what} is longer than {TEXT_CHARS_MAX} characters")));
    }
    Ok(())
}

/// The labels of a flow.
pub(crate) fn labels(labels: &BTreeMap<String, String>) -> Result<(), Refusal> {
    if labels.len() > LABELS_MAX {
        return Err(invalid(format!("a flow has at most {LABELS_MAX} labels")));
    }
    labels
        .iter()
        .flat_map(|(name, value)| [name, value])
        .try_for_each(|text| whole("a label", text))
}

/// A flow's key: typed by people, so short and on one line.
pub(crate) fn key(key: &str) -> Result<(), Refusal> {
    let bad = key.trim().is_empty()
        || key.chars().count() > KEY_CHARS_MAX
        || key.chars().any(char::is_control);
    match bad {
        true => Err(invalid("the key is blank, too long or has control characters".to_owned())),
        false => Ok(()),
    }
}

/// A value that is kept in the flow's row.
pub(crate) fn json(what: &str, value: &Value) -> Result<(), Refusal> {
    if !fits(value, JSON_BYTES_MAX) {
        return Err(invalid(format!("{what} is larger than {JSON_BYTES_MAX} bytes")));
    }
    if has_nul(value) {
        return Err(invalid(format!("{what} contains a NUL character")));
    }
    Ok(())
}

/// Whether a text in the value has a NUL character: no program can be given it, and not every store
/// keeps it.
pub(crate) fn has_nul(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(items) => items.iter().any(has_nul),
        Value::Object(fields) => fields.iter().any(|(k, v)| k.contains('\0') || has_nul(v)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

/// All that a patch would write.
pub(crate) fn patch(patch: &Patch) -> Result<(), Refusal> {
    if let Field::Set(step) = &patch.current_step {
        text("the current step", step)?;
    }
    if let Field::Set(value) = &patch.state_json {
        json("the state", value)?;
    }
    if let Field::Set(value) = &patch.wait_json {
        json("the wait", value)?;
    }
    Ok(())
}
