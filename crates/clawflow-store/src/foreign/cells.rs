//! A row as JSON, by the names of its columns.

use clawflow_core::json::Object;
use rusqlite::Row;
use rusqlite::types::ValueRef;
use serde_json::Value;

/// Those columns of a row that are known, and how many bytes they have.
///
/// An error says which column is none that JSON can hold.
pub(super) fn columns(
    row: &Row<'_>,
    names: &[String],
    known: &[&str],
) -> rusqlite::Result<Result<(Object, usize), String>> {
    let mut columns = Object::new();
    let mut bytes = 0;
    for (at, name) in names.iter().enumerate().filter(|(_, name)| known.contains(&name.as_str())) {
        let value = match row.get_ref(at)? {
            ValueRef::Null => continue,
            ValueRef::Integer(number) => Value::from(number),
            ValueRef::Real(number) => Value::from(number),
            ValueRef::Text(text) => match std::str::from_utf8(text) {
                Ok(text) => Value::from(text),
                Err(_) => return Ok(Err(format!("`{name}` is not UTF-8"))),
            },
            ValueRef::Blob(_) => return Ok(Err(format!("`{name}` is binary"))),
        };
        bytes += value.as_str().map_or(8, str::len);
        columns.insert(name.clone(), value);
    }
    Ok(Ok((columns, bytes)))
}
