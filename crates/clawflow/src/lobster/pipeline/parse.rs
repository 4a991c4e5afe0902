//! A pipeline's text into stages.

use super::args::Args;
use super::failure::Failure;
use super::limits::{STAGES, TEXT_BYTES};
use crate::lobster::value::trim;
use serde::{Deserialize, Serialize};

/// A pipeline that was read. Whether its commands exist shows only when it comes to them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Pipeline {
    pub(super) stages: Vec<Stage>,
}

/// One command with its arguments.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Stage {
    /// The command's name.
    pub(super) name: String,
    /// Its arguments.
    pub(super) args: Args,
    /// The stage as it was written.
    pub(super) raw: String,
}

impl Pipeline {
    /// Reads a pipeline.
    ///
    /// # Errors
    /// Empty pipelines and stages, quotes that are not closed, texts beyond the limits.
    pub(crate) fn parse(text: &str) -> Result<Self, Failure> {
        if text.len() > TEXT_BYTES {
            return Err(Failure::parse(format!("Pipeline text is larger than {TEXT_BYTES} bytes")));
        }
        let parts = split(text)?;
        if parts.is_empty() {
            return Err(Failure::parse("Empty pipeline"));
        }
        if parts.len() > STAGES {
            return Err(Failure::parse(format!("Pipeline has more than {STAGES} stages")));
        }
        let stages = parts.into_iter().map(Stage::parse).collect::<Result<_, _>>()?;
        Ok(Self { stages })
    }
}

impl Stage {
    fn parse(raw: String) -> Result<Self, Failure> {
        let mut tokens = tokens(&raw)?;
        if tokens.is_empty() {
            return Err(Failure::parse("Empty command stage"));
        }
        let name = tokens.remove(0);
        // The program that it starts must not become the flag's value.
        let switches: &[&str] = if name == "exec" { &["json"] } else { &[] };
        Ok(Self { args: Args::parse(tokens, switches), name, raw })
    }
}

/// Splits at the bars outside of quotes. Here a backslash protects in either kind of quotes.
fn split(text: &str) -> Result<Vec<String>, Failure> {
    let mut parts = Vec::new();
    let mut quote = None;
    let mut start = 0;
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match (quote, c) {
            (Some(_), '\\') => drop(chars.next()),
            (Some(open), c) if c == open => quote = None,
            (None, '"' | '\'') => quote = Some(c),
            (None, '|') => {
                parts.push(trim(&text[start..at]).to_owned());
                start = at + 1;
            }
            _ => {}
        }
    }
    if quote.is_some() {
        return Err(Failure::parse("Unclosed quote"));
    }
    let last = trim(&text[start..]);
    if !last.is_empty() {
        parts.push(last.to_owned());
    }
    Ok(parts)
}

/// The words of a stage.
pub(super) fn tokens(stage: &str) -> Result<Vec<String>, Failure> {
    let mut tokens = Vec::new();
    // Quotes make a word even if nothing is between them.
    let mut word: Option<String> = None;
    let mut quote = None;
    let mut chars = stage.chars().peekable();
    while let Some(c) = chars.next() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (Some(open), '\\') => match chars.peek() {
                Some('\'') if open == '\'' => push(&mut word, chars.next()),
                Some('"' | '\\' | '$' | '`') if open == '"' => push(&mut word, chars.next()),
                Some('\n') if open == '"' => drop(chars.next()),
                _ => push(&mut word, Some('\\')),
            },
            (None, '"' | '\'') => {
                quote = Some(c);
                push(&mut word, None);
            }
            (None, ' ' | '\t' | '\n' | '\r') => tokens.extend(word.take()),
            _ => push(&mut word, Some(c)),
        }
    }
    if quote.is_some() {
        return Err(Failure::parse("Unclosed quote"));
    }
    tokens.extend(word);
    Ok(tokens)
}

fn push(word: &mut Option<String>, c: Option<char>) {
    word.get_or_insert_default().extend(c);
}
