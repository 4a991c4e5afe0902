//! JSON helpers for records: a stored `null` is not the same as nothing.

use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// Reads a field where `null` is a value: only a missing field becomes `None`.
///
/// # Errors
/// Those of the deserializer.
pub fn present<'de, D: Deserializer<'de>>(input: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(input).map(Some)
}

/// Reads a field of a patch: absent keeps (`None`), `null` clears (`Some(None)`), a value sets.
///
/// # Errors
/// Those of the deserializer.
pub fn double<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    input: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(input).map(Some)
}

/// A JSON object with its keys in the order of insertion.
pub type Object = serde_json::Map<String, Value>;

/// Whether `value`, written as JSON, is at most `max` bytes.
#[must_use]
pub fn fits(value: &Value, max: usize) -> bool {
    struct Count(usize, usize);
    impl std::io::Write for Count {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0 += bytes.len();
            if self.0 > self.1 {
                return Err(std::io::Error::other("too large"));
            }
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    serde_json::to_writer(Count(0, max), value).is_ok()
}
