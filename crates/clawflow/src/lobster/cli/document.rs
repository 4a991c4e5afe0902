//! The document that programs are told: an object of which each field is written at once, as what a
//! run leaves is written already.

use super::outcome::Listed;
use crate::lobster::value::{Indenter, Value, compact};
use std::io::{self, Write};

/// An object, in parts: what is long is not copied.
#[derive(Default)]
pub(super) struct Document {
    before: String,
    list: Option<Listed>,
    after: String,
}

impl Document {
    /// Sets a field; its name needs no escapes.
    pub(super) fn set(&mut self, name: &str, value: Value) {
        if let Some(written) = compact(&value) {
            self.name(name);
            self.part().push_str(&written);
        }
    }

    /// Sets the one field that may be long.
    pub(super) fn set_list(&mut self, name: &str, list: Listed) {
        self.name(name);
        self.list = Some(list);
    }

    fn name(&mut self, name: &str) {
        let before = if self.before.is_empty() { "{" } else { "," };
        for text in [before, "\"", name, "\":"] {
            self.part().push_str(text);
        }
    }

    fn part(&mut self) -> &mut String {
        match self.list {
            None => &mut self.before,
            Some(_) => &mut self.after,
        }
    }

    /// Tells of it. There is a field.
    pub(super) fn tell(mut self, out: &mut impl Write) -> io::Result<()> {
        self.part().push('}');
        let mut indenter = Indenter::default();
        indenter.write(&self.before, out)?;
        if let Some(list) = &self.list {
            indenter.write_list(list.text(), out)?;
        }
        indenter.write(&self.after, out)?;
        out.write_all(b"\n")
    }
}
