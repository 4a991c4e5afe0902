//! Where the holes of a text are, and what is in them.

use crate::lobster::value::trim;

/// A piece of a text.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Piece<'t> {
    /// It stands for itself.
    Text(&'t str),
    /// What is between the braces, without the space around it.
    Hole(&'t str),
}

/// Takes a text apart. What is between two pairs of braces is a hole if it is not empty and has no
/// closing brace in it; all else stands for itself.
pub(super) fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut copied = 0;
    let mut at = 0;
    while let Some(open) = text[at..].find("{{").map(|found| at + found) {
        let Some(close) = text[open..].find('}').map(|found| open + found) else { break };
        if close == open + 2 || !text[close..].starts_with("}}") {
            // No hole that begins before this brace has an end.
            at = close + 1;
            continue;
        }
        if copied < open {
            pieces.push(Piece::Text(&text[copied..open]));
        }
        pieces.push(Piece::Hole(trim(&text[open + 2..close])));
        at = close + 2;
        copied = at;
    }
    if copied < text.len() {
        pieces.push(Piece::Text(&text[copied..]));
    }
    pieces
}

/// Splits a hole at the bars outside of quotes.
pub(super) fn chain(hole: &str) -> Vec<String> {
    let mut links = Vec::new();
    let mut start = 0;
    let mut quote = None;
    let mut chars = hole.char_indices();
    while let Some((at, c)) = chars.next() {
        match (quote, c) {
            (Some(_), '\\') => drop(chars.next()),
            (Some(open), c) if c == open => quote = None,
            (None, '"' | '\'') => quote = Some(c),
            (None, '|') => {
                links.push(trim(&hole[start..at]).to_owned());
                start = at + 1;
            }
            _ => {}
        }
    }
    links.push(trim(&hole[start..]).to_owned());
    links
}

/// The words of a filter: its name and what it is given. Quotes count only where a word begins.
pub(super) fn words(filter: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut chars = trim(filter).chars().peekable();
    loop {
        while chars.next_if_eq(&' ').is_some() {}
        let Some(first) = chars.next() else { break };
        let mut word = String::new();
        if matches!(first, '"' | '\'') {
            while let Some(c) = chars.next().filter(|c| *c != first) {
                let escaped = if c == '\\' { chars.next() } else { None };
                word.push(escaped.unwrap_or(c));
            }
        } else {
            word.push(first);
            while let Some(c) = chars.next_if(|c| *c != ' ') {
                word.push(c);
            }
        }
        words.push(word);
    }
    if words.is_empty() {
        words.push(String::new());
    }
    words
}
