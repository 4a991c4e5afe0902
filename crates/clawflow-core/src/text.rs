//! A text that everybody shares.

use serde::{Deserialize, Serialize};
use std::ops::Deref;
use std::sync::Arc;

/// A text that may be large: a copy of it is the same text, and one that is made of a `String` is
/// that `String`, which for an `Arc<str>` would be copied.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Text(Arc<String>);

impl Deref for Text {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self(Arc::new(text))
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        text.to_owned().into()
    }
}
