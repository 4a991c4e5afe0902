//! The words of a condition.

use super::super::reference::{Found, Reference, scan};
use super::ConditionError;

/// A comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operator {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token {
    Or,
    And,
    Not,
    Open,
    Close,
    Compare(Operator),
    Text(String),
    Number(f64),
    Word(String),
    Reference(Reference),
}

/// Operators, longer ones first.
const SIGNS: [(&str, Token); 11] = [
    ("||", Token::Or),
    ("&&", Token::And),
    ("==", Token::Compare(Operator::Equal)),
    ("!=", Token::Compare(Operator::NotEqual)),
    ("<=", Token::Compare(Operator::LessOrEqual)),
    (">=", Token::Compare(Operator::GreaterOrEqual)),
    ("<", Token::Compare(Operator::Less)),
    (">", Token::Compare(Operator::Greater)),
    ("!", Token::Not),
    ("(", Token::Open),
    (")", Token::Close),
];

/// The tokens with the byte each begins at.
pub(super) fn tokens(text: &str, strict: bool) -> Result<Vec<(usize, Token)>, ConditionError> {
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(first) = text[at..].chars().next() {
        let rest = &text[at..];
        if first.is_whitespace() {
            at += first.len_utf8();
            continue;
        }
        let sign = SIGNS.iter().find(|(sign, _)| rest.starts_with(sign));
        let (token, length) = match (sign, first) {
            (Some((sign, token)), _) => (token.clone(), sign.len()),
            (None, '"' | '\'') => quoted(rest, first).map_err(|m| ConditionError::new(at, m))?,
            (None, '$') => reference(rest, strict).map_err(|m| ConditionError::new(at, m))?,
            (None, '-' | '0'..='9') => number(rest).map_err(|m| ConditionError::new(at, m))?,
            (None, 'A'..='Z' | 'a'..='z' | '_') => word(rest),
            (None, other) => {
                return Err(ConditionError::new(at, format!("unexpected `{other}`")));
            }
        };
        tokens.push((at, token));
        at += length;
    }
    Ok(tokens)
}

/// A backslash takes the next character as it is, whatever it is.
fn quoted(rest: &str, quote: char) -> Result<(Token, usize), String> {
    let mut text = String::new();
    let mut characters = rest.char_indices().skip(1);
    while let Some((at, character)) = characters.next() {
        match character {
            '\\' => match characters.next() {
                Some((_, escaped)) => text.push(escaped),
                None => break,
            },
            _ if character == quote => return Ok((Token::Text(text), at + 1)),
            _ => text.push(character),
        }
    }
    Err(format!("the closing {quote} of this text is missing"))
}

fn reference(rest: &str, strict: bool) -> Result<(Token, usize), String> {
    match scan(rest, strict) {
        Some((Found::Step(reference), length)) => Ok((Token::Reference(reference), length)),
        Some((Found::Arg(_), _)) => Err("a condition cannot use an argument".to_owned()),
        _ => Err("a reference is written `$step.field`".to_owned()),
    }
}

fn number(rest: &str) -> Result<(Token, usize), String> {
    let end = rest[1..].find(|c: char| !c.is_ascii_alphanumeric() && !"._".contains(c));
    let text = &rest[..end.map_or(rest.len(), |end| end + 1)];
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let all_digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    match text.parse::<f64>() {
        Ok(number) if all_digits(whole) && all_digits(fraction) && number.is_finite() => {
            Ok((Token::Number(number), text.len()))
        }
        _ => Err(format!("`{text}` is not a number")),
    }
}

fn word(rest: &str) -> (Token, usize) {
    let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != '-');
    let text = &rest[..end.unwrap_or(rest.len())];
    (Token::Word(text.to_owned()), text.len())
}
