//! The times of a row, and what it says in the same way whatever it is.

use super::super::columns::Columns;
use super::super::limits::{AHEAD_MS_MAX, ID_CHARS_MAX, ORIGIN_BYTES_MAX};
use crate::Millis;
use crate::flow::{Origin, check_text};
use crate::limits::{SUMMARY_CHARS_MAX, cut};
use serde_json::Value;

/// The id of a row, as it is.
pub(super) fn id(columns: Columns<'_>, name: &str) -> Result<String, String> {
    let id = columns.needed(name)?;
    if id.chars().count() > ID_CHARS_MAX {
        return Err(format!("`{name}` is longer than {ID_CHARS_MAX} characters"));
    }
    Ok(id.to_owned())
}

/// A time, which may be a little ahead but not more.
pub(super) fn past(
    columns: Columns<'_>,
    name: &str,
    now: Millis,
) -> Result<Option<Millis>, String> {
    match columns.time(name)? {
        Some(at) if at > now.saturating_add(AHEAD_MS_MAX) => {
            Err(format!("`{name}` lies in the future"))
        }
        at => Ok(at),
    }
}

/// When it was made.
pub(super) fn made_at(columns: Columns<'_>, now: Millis) -> Result<Millis, String> {
    past(columns, "created_at", now)?.ok_or_else(|| "`created_at` is missing".to_owned())
}

/// A key by which others name something: kept as it is, or not at all.
pub(super) fn key(columns: Columns<'_>, name: &str) -> Result<Option<String>, String> {
    let text = columns.text(name)?;
    text.map(|text| check_text(&format!("`{name}`"), text).map_err(|refusal| refusal.message))
        .transpose()
}

/// A text for people: cut, if it is long.
pub(super) fn summary(columns: Columns<'_>, name: &str) -> Result<Option<String>, String> {
    Ok(columns.text(name)?.map(|text| cut(text, SUMMARY_CHARS_MAX)))
}

/// Where the request came from. A field that is no text or number says nothing.
pub(super) fn origin(columns: Columns<'_>) -> Result<Option<Origin>, String> {
    const NAME: &str = "requester_origin_json";
    if columns.whole(NAME)?.is_some_and(|text| text.len() > ORIGIN_BYTES_MAX) {
        return Err(format!("`{NAME}` is longer than {ORIGIN_BYTES_MAX} bytes"));
    }
    let Some(fields) = columns.object(NAME)? else { return Ok(None) };
    let field = |name: &str| match fields.get(name) {
        Some(Value::String(text)) if !text.trim().is_empty() && !text.contains('\0') => {
            Some(text.trim().to_owned())
        }
        Some(Value::Number(number)) => Some(number.to_string()),
        _ => None,
    };
    let origin = Origin {
        channel: field("channel"),
        to: field("to"),
        account_id: field("accountId"),
        thread_id: field("threadId"),
    };
    Ok(Some(origin).filter(|origin| *origin != Origin::default()))
}
