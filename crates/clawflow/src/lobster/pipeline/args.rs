//! The arguments of a stage.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Words and flags.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Args {
    /// What stands for itself.
    #[serde(rename = "_")]
    pub(super) words: Vec<String>,
    /// What begins with `--`.
    #[serde(flatten)]
    flags: BTreeMap<String, Flag>,
}

/// What a flag was given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub(super) enum Flag {
    /// Nothing: it is `true`.
    On(bool),
    /// A text, maybe empty.
    Text(String),
}

impl Args {
    /// Sorts the words of a stage into flags and others. A flag takes the word after it, unless
    /// that is a flag too or it is one of `switches`.
    pub(super) fn parse(tokens: Vec<String>, switches: &[&str]) -> Self {
        let mut args = Self::default();
        let mut tokens = tokens.into_iter().peekable();
        while let Some(token) = tokens.next() {
            let Some(flag) = token.strip_prefix("--") else {
                args.words.push(token);
                continue;
            };
            if let Some((name, value)) = flag.split_once('=') {
                args.set(name, Flag::Text(value.to_owned()));
                continue;
            }
            let takes_next = !switches.contains(&flag);
            let value = tokens.next_if(|next| takes_next && !next.starts_with("--"));
            args.set(flag, value.map_or(Flag::On(true), Flag::Text));
        }
        args
    }

    /// Sets a flag.
    pub(super) fn set(&mut self, name: &str, flag: Flag) {
        // That name is taken by the words.
        if name != "_" {
            self.flags.insert(name.to_owned(), flag);
        }
    }

    /// A flag.
    pub(super) fn flag(&self, name: &str) -> Option<&Flag> {
        self.flags.get(name)
    }

    /// The first of some flags that is there.
    pub(super) fn any(&self, names: &[&str]) -> Option<&Flag> {
        names.iter().find_map(|name| self.flag(name))
    }

    /// What the first of some flags that is there says, without the white space around it.
    pub(super) fn filled(&self, names: &[&str]) -> Option<String> {
        let text = super::super::value::trim(self.any(names)?.as_str());
        (!text.is_empty()).then(|| text.to_owned())
    }

    /// The text of a flag that was given one.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        match self.flag(name) {
            Some(Flag::Text(text)) => Some(text),
            _ => None,
        }
    }

    /// Whether a flag is on, or has a text that is not empty.
    pub(super) fn is_on(&self, name: &str) -> bool {
        self.flag(name).is_some_and(Flag::is_truthy)
    }

    /// The flag, else the first word.
    pub(super) fn flag_or_word(&self, name: &str) -> Option<Flag> {
        let word = || self.words.first().cloned().map(Flag::Text);
        self.flag(name).cloned().or_else(word)
    }
}

impl Flag {
    /// Its text; `true` for one without.
    pub(super) fn as_str(&self) -> &str {
        match self {
            Self::On(true) => "true",
            Self::On(false) => "false",
            Self::Text(text) => text,
        }
    }

    /// Whether it counts as true.
    pub(super) fn is_truthy(&self) -> bool {
        match self {
            Self::On(on) => *on,
            Self::Text(text) => !text.is_empty(),
        }
    }

    /// As a number.
    pub(super) fn number(&self) -> f64 {
        match self {
            Self::On(on) => f64::from(u8::from(*on)),
            Self::Text(text) => super::super::value::number_of_text(text),
        }
    }
}

impl From<&Flag> for super::super::value::Value {
    fn from(flag: &Flag) -> Self {
        match flag {
            Flag::On(on) => Self::Bool(*on),
            Flag::Text(text) => Self::Text(text.clone()),
        }
    }
}
