//! From words to a condition: `||` binds least, then `&&`, one comparison, `!`.

use serde_json::Value;

use super::super::limits::{CONDITION_BYTES_MAX, CONDITION_DEPTH_MAX};
use super::super::reference::Reference;
use super::super::source::Span;
use super::token::{Operator, Token, tokens};

/// A checked condition.
#[derive(Debug, Clone, PartialEq)]
pub struct Condition {
    pub(crate) source: String,
    pub(crate) expr: Expr,
    pub(crate) span: Span,
}

/// Why a text is not a condition.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unsupported condition: {message}")]
pub struct ConditionError {
    /// Byte of the condition's text where the mistake is.
    pub offset: usize,
    /// What is wrong there.
    pub message: String,
}

impl ConditionError {
    pub(super) fn new(offset: usize, message: impl Into<String>) -> Self {
        Self { offset, message: message.into() }
    }
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Expr {
    // Chains are flat, so that a long one does not nest.
    Or(Vec<Expr>),
    And(Vec<Expr>),
    Compare(Operator, Box<Expr>, Box<Expr>),
    Not(Box<Expr>),
    Reference(Reference),
    Literal(Value),
}

impl Condition {
    /// Reads a condition. `strict` is false for Lobster files, where a flag that was never set is
    /// undefined rather than false.
    ///
    /// # Errors
    /// The first place that is not part of the language.
    pub fn parse(text: &str, strict: bool) -> Result<Self, ConditionError> {
        if text.len() > CONDITION_BYTES_MAX {
            let message = format!("it is longer than {CONDITION_BYTES_MAX} bytes");
            return Err(ConditionError::new(0, message));
        }
        let tokens = tokens(text, strict)?;
        let mut parser = Parser { tokens, at: 0, end: text.len(), depth: 0 };
        if parser.tokens.is_empty() {
            return Err(ConditionError::new(0, "it is empty"));
        }
        let expr = parser.or()?;
        match parser.peek() {
            None => Ok(Self { source: text.to_owned(), expr, span: Span::default() }),
            Some(Token::Compare(_)) => Err(parser.error("comparisons cannot be chained")),
            Some(Token::Close) => Err(parser.error("this `)` closes nothing")),
            Some(_) => Err(parser.error("expected an operator")),
        }
    }

    pub(crate) fn constant(value: bool, span: Span) -> Self {
        Self { source: value.to_string(), expr: Expr::Literal(Value::Bool(value)), span }
    }

    /// The condition as it stands in the file.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Every reference in it, in order.
    pub(crate) fn references(&self) -> Vec<&Reference> {
        let mut found = Vec::new();
        collect(&self.expr, &mut found);
        found
    }
}

/// Recursion is bounded by the depth limit of the parser.
fn collect<'a>(expr: &'a Expr, found: &mut Vec<&'a Reference>) {
    match expr {
        Expr::Or(parts) | Expr::And(parts) => parts.iter().for_each(|part| collect(part, found)),
        Expr::Compare(_, left, right) => {
            collect(left, found);
            collect(right, found);
        }
        Expr::Not(inner) => collect(inner, found),
        Expr::Reference(reference) => found.push(reference),
        Expr::Literal(_) => {}
    }
}

struct Parser {
    tokens: Vec<(usize, Token)>,
    at: usize,
    end: usize,
    depth: usize,
}

impl Parser {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at).map(|(_, token)| token)
    }

    fn take(&mut self, wanted: &Token) -> bool {
        let found = self.peek() == Some(wanted);
        self.at += usize::from(found);
        found
    }

    fn error(&self, message: &str) -> ConditionError {
        let offset = self.tokens.get(self.at).map_or(self.end, |(at, _)| *at);
        ConditionError::new(offset, message)
    }

    fn deeper(&mut self) -> Result<(), ConditionError> {
        self.depth += 1;
        if self.depth > CONDITION_DEPTH_MAX {
            return Err(self.error("it is nested too deeply"));
        }
        Ok(())
    }

    fn or(&mut self) -> Result<Expr, ConditionError> {
        let first = self.and()?;
        let mut parts = vec![first];
        while self.take(&Token::Or) {
            parts.push(self.and()?);
        }
        Ok(single(parts, Expr::Or))
    }

    fn and(&mut self) -> Result<Expr, ConditionError> {
        let mut parts = vec![self.comparison()?];
        while self.take(&Token::And) {
            parts.push(self.comparison()?);
        }
        Ok(single(parts, Expr::And))
    }

    fn comparison(&mut self) -> Result<Expr, ConditionError> {
        let left = self.unary(false)?;
        let Some(Token::Compare(operator)) = self.peek() else { return Ok(left) };
        let operator = *operator;
        self.at += 1;
        let right = self.unary(true)?;
        Ok(Expr::Compare(operator, Box::new(left), Box::new(right)))
    }

    fn unary(&mut self, right_side: bool) -> Result<Expr, ConditionError> {
        if !self.take(&Token::Not) {
            return self.primary(right_side);
        }
        self.deeper()?;
        let inner = self.unary(false)?;
        self.depth -= 1;
        Ok(Expr::Not(Box::new(inner)))
    }

    fn primary(&mut self, right_side: bool) -> Result<Expr, ConditionError> {
        let literal = |value: Value| Ok(Expr::Literal(value));
        let Some(token) = self.peek().cloned() else {
            return Err(self.error("it ends where a value is expected"));
        };
        self.at += 1;
        match token {
            Token::Reference(reference) => Ok(Expr::Reference(reference)),
            Token::Text(text) => literal(Value::String(text)),
            Token::Number(number) => literal(Value::from(number)),
            Token::Word(word) => match word.as_str() {
                "true" => literal(Value::Bool(true)),
                "false" => literal(Value::Bool(false)),
                "null" => literal(Value::Null),
                _ if right_side => literal(Value::String(word)),
                _ => {
                    self.at -= 1;
                    Err(self.error(&format!("`{word}` is not a value; put text in quotes")))
                }
            },
            Token::Open => {
                self.deeper()?;
                let inner = self.or()?;
                self.depth -= 1;
                if !self.take(&Token::Close) {
                    return Err(self.error("a `)` is missing"));
                }
                Ok(inner)
            }
            Token::Or | Token::And | Token::Not | Token::Close | Token::Compare(_) => {
                self.at -= 1;
                Err(self.error("expected a value"))
            }
        }
    }
}

fn single(mut parts: Vec<Expr>, many: fn(Vec<Expr>) -> Expr) -> Expr {
    match parts.len() {
        1 => parts.swap_remove(0),
        _ => many(parts),
    }
}
