//! Cron expressions: read by croner, with the place of what is wrong.

use super::limits::EXPRESSION_CHARS_MAX;
use crate::error::{Code, Refusal};
use crate::limits::cut;
use crate::suggest::closest;
use croner::Cron;
use croner::parser::{CronParser, Seconds};

/// Names of expressions.
const NAMES: [&str; 8] = [
    "@yearly",
    "@annually",
    "@monthly",
    "@weekly",
    "@daily",
    "@midnight",
    "@hourly",
    "@every_minute",
];
/// What the fields are called, the seconds first.
const FIELDS: [&str; 6] = ["second", "minute", "hour", "day of month", "month", "day of week"];

/// A cron expression that can be walked.
#[derive(Clone, Debug)]
pub(super) struct Expression {
    pub(super) cron: Cron,
    /// Whether it fires in every hour: then it counts real time, and not the clock on the wall.
    pub(super) every_hour: bool,
}

/// Reads an expression.
///
/// # Errors
/// `invalid`, with field, column and reason.
pub(super) fn read(text: &str) -> Result<Expression, Refusal> {
    let trimmed = text.trim();
    if trimmed.is_empty() {
        return Err(wrong(text, "it is empty"));
    }
    if trimmed.chars().count() > EXPRESSION_CHARS_MAX {
        return Err(wrong(text, &format!("it is longer than {EXPRESSION_CHARS_MAX} characters")));
    }
    if trimmed.starts_with('@') {
        return named(trimmed);
    }
    let fields = fields(text);
    if !(5..=6).contains(&fields.len()) {
        let why = format!(
            "it has {} fields: 5 (minute, hour, day of month, month, day of week), or 6 with the \
             second before them",
            fields.len()
        );
        return Err(wrong(text, &why));
    }
    match parse(trimmed) {
        Ok(cron) => {
            let hours = |cron: &Cron| (0..24).all(|h| cron.pattern.hour_match(h).unwrap_or(false));
            Ok(Expression { every_hour: hours(&cron), cron })
        }
        Err(why) => Err(located(text, &fields, &why)),
    }
}

fn named(name: &str) -> Result<Expression, Refusal> {
    let lower = name.to_ascii_lowercase();
    let known = NAMES.contains(&lower.as_str()).then_some(lower.as_str());
    let text = match known {
        Some("@every_minute") => "* * * * *",
        Some("@midnight") => "@daily",
        Some(name) => name,
        None => {
            let meant = closest(&lower, NAMES)
                .map_or_else(|| format!("known are {}", NAMES.join(", ")), |n| format!("{n}?"));
            return Err(wrong(name, &format!("there is no such name; {meant}")));
        }
    };
    match parse(text) {
        Ok(cron) => Ok(Expression { cron, every_hour: text == "@hourly" || text.contains('*') }),
        Err(why) => Err(wrong(name, &why)),
    }
}

fn parse(text: &str) -> Result<Cron, String> {
    let parser = CronParser::builder().seconds(Seconds::Optional).build();
    parser.parse(text).map_err(|error| {
        let said = error.to_string();
        let said = said.rsplit(": ").next().unwrap_or(&said).trim_end_matches('.');
        let said = said.strip_prefix("CronPattern ").unwrap_or(said);
        let mut letters = said.chars();
        letters.next().map_or_else(String::new, |first| {
            first.to_lowercase().collect::<String>() + letters.as_str()
        })
    })
}

/// The fields with the column, from 1, of each.
fn fields(text: &str) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    let mut rest = text;
    let mut column = 1;
    while let Some(from) = rest.find(|c: char| !c.is_whitespace()) {
        column += rest[..from].chars().count();
        rest = &rest[from..];
        let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
        found.push((column, &rest[..end]));
        column += rest[..end].chars().count();
        rest = &rest[end..];
    }
    found
}

/// The first field that cannot stand by itself is to blame.
fn located(text: &str, fields: &[(usize, &str)], why: &str) -> Refusal {
    for (at, (column, field)) in fields.iter().enumerate() {
        let mut alone = vec!["*"; fields.len()];
        alone[at] = field;
        if let Err(own) = parse(&alone.join(" ")) {
            let name = FIELDS[at + FIELDS.len() - fields.len()];
            let field = cut(field, 40);
            let why = format!("field {} ({name}) at column {column}, `{field}`: {own}", at + 1);
            return wrong(text, &why);
        }
    }
    wrong(text, why)
}

fn wrong(text: &str, why: &str) -> Refusal {
    let text = cut(text, 80);
    Refusal::new(Code::Invalid, format!("the cron expression `{text}` cannot be read: {why}"))
}
