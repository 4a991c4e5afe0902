//! What is wrong with the configuration, as people read it.

use std::fmt;
use std::path::{Path, PathBuf};

use serde_json::json;

use super::excerpt::{Excerpt, visible};

/// Everything that is wrong, in the order file, environment, flags.
///
/// The exit code is that of bad usage, 2: nothing has been started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ConfigErrors(pub(super) Vec<ConfigError>);

impl ConfigErrors {
    /// The errors; at least one.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &ConfigError> {
        self.0.iter()
    }

    /// The errors as JSON, for `config check --json`: each with `message`, and where they apply
    /// `hint`, `path`, `line`, `column`, `name` (of the variable or flag).
    pub(crate) fn to_json(&self) -> serde_json::Value {
        self.iter().map(ConfigError::to_json).collect()
    }
}

impl std::error::Error for ConfigErrors {}

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, error) in self.0.iter().enumerate() {
            let gap = if index == 0 { "" } else { "\n\n" };
            write!(f, "{gap}{error}")?;
        }
        Ok(())
    }
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ConfigError {
    /// Where.
    pub(crate) place: Place,
    /// What, as a fragment.
    pub(crate) message: String,
    /// What to do about it.
    pub(crate) hint: Option<String>,
}

/// Where something is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Place {
    /// Nowhere in particular: a default, or something that is missing.
    Nowhere,
    /// A file as a whole.
    File(PathBuf),
    /// A part of a line of a file.
    Line(Box<Excerpt>),
    /// An environment variable or a flag.
    Name(String),
}

impl ConfigError {
    /// An error without a hint.
    pub(crate) fn new(place: Place, message: impl Into<String>) -> Self {
        Self { place, message: message.into(), hint: None }
    }

    /// Adds a hint, if there is one.
    pub(crate) fn with_hint(mut self, hint: impl Into<Option<String>>) -> Self {
        self.hint = hint.into();
        self
    }

    fn to_json(&self) -> serde_json::Value {
        let mut json = match &self.place {
            Place::Nowhere => json!({}),
            Place::File(path) => json!({ "path": path.to_string_lossy() }),
            Place::Name(name) => json!({ "name": name }),
            Place::Line(at) => {
                let path = at.path.to_string_lossy();
                json!({ "path": path, "line": at.line, "column": at.column })
            }
        };
        json["message"] = self.message.clone().into();
        if let Some(hint) = &self.hint {
            json["hint"] = hint.clone().into();
        }
        json
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let message = &self.message;
        match &self.place {
            Place::Nowhere => f.write_str(message)?,
            Place::File(path) => write!(f, "{}: {message}", shown(path))?,
            Place::Name(name) => write!(f, "{name}: {message}")?,
            Place::Line(at) => {
                let Excerpt { path, line, column, .. } = at.as_ref();
                write!(f, "{}:{line}:{column}: {message}\n{}", shown(path), at.render())?;
            }
        }
        match &self.hint {
            Some(hint) => write!(f, "\nhint: {hint}"),
            None => Ok(()),
        }
    }
}

/// A path on one line, without control characters.
fn shown(path: &Path) -> String {
    visible(&path.display().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn errors() -> ConfigErrors {
        let at = Excerpt::new(Path::new("/a\nb.toml"), "x = 1\n", 0..1);
        let hint = Some("did you mean `y`?".to_owned());
        ConfigErrors(vec![
            ConfigError::new(Place::Line(Box::new(at)), "unknown key `x`").with_hint(hint),
            ConfigError::new(Place::File("/c.toml".into()), "no such file"),
            ConfigError::new(Place::Name("--home".into()), "is empty"),
            ConfigError::new(Place::Nowhere, "`HOME` is not set"),
        ])
    }

    #[test]
    fn errors_are_told_one_below_the_other() {
        insta::assert_snapshot!(errors(), @r"
        /a\nb.toml:1:1: unknown key `x`
          1 | x = 1
            | ^
        hint: did you mean `y`?

        /c.toml: no such file

        --home: is empty

        `HOME` is not set
        ");
    }

    #[test]
    fn errors_in_json_have_their_place() {
        let json = errors().to_json();
        let lines: Vec<String> = json.as_array().unwrap().iter().map(ToString::to_string).collect();
        let text = lines.join("\n").replace(",\"message", ",\n \"message");
        insta::assert_snapshot!(text, @r#"
        {"path":"/a\nb.toml","line":1,"column":1,
         "message":"unknown key `x`","hint":"did you mean `y`?"}
        {"path":"/c.toml",
         "message":"no such file"}
        {"name":"--home",
         "message":"is empty"}
        {"message":"`HOME` is not set"}
        "#);
    }
}
