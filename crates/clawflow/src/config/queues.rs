//! The named queues: sections `[queues.NAME]`.

use std::ops::RangeInclusive;

use super::assign::Problem;
use super::named::{Named, unknown_key};
use super::origin::Origin;
use super::read::Raw;
use super::settings::Settings;
use super::show::ShownSetting;
use super::value::Value;
use clawflow_core::limits::{QUEUE_PRIORITY_MAX, QUEUES_MAX};
use clawflow_core::queue::{Rate, check_queue_name};

/// The section that the queues are in.
pub(super) const SECTION: &str = "queues";

const CONCURRENCY: RangeInclusive<i64> = 1..=10_000;

/// A key of a queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Key {
    Concurrency,
    Rate,
    Priority,
}

impl Key {
    pub(super) const ALL: [Self; 3] = [Self::Concurrency, Self::Rate, Self::Priority];

    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Concurrency => "concurrency",
            Self::Rate => "rate",
            Self::Priority => "priority",
        }
    }

    pub(super) fn doc(self) -> &'static str {
        match self {
            Self::Concurrency => "Attempts of the queue that run at once.",
            Self::Rate => "Attempts of the queue that start in any span of so much time.",
            Self::Priority => "Priority of a step that names none; the higher one starts first.",
        }
    }

    /// What it takes, to follow "must be".
    pub(super) fn expected(self) -> String {
        let most = QUEUE_PRIORITY_MAX;
        match self {
            Self::Concurrency => {
                format!("a whole number from {} to {}", CONCURRENCY.start(), CONCURRENCY.end())
            }
            Self::Rate => "a number per time such as `10/1m`".to_owned(),
            Self::Priority => format!("a whole number from -{most} to {most}"),
        }
    }

    fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|key| key.word() == word)
    }
}

/// What a file says about a queue.
pub(super) type QueueValue = Named<Key>;

/// Why this cannot be the name of a queue.
pub(super) fn check_name(name: &str) -> Result<(), Problem> {
    check_queue_name(name).map_err(|why| Problem {
        message: format!("the name of the queue `{}` {why}", name.escape_debug()),
        hint: None,
    })
}

/// The key of this queue.
pub(super) fn key(name: &str, word: &str) -> Result<Key, Problem> {
    Key::of(word).ok_or_else(|| unknown_key(SECTION, name, word, Key::ALL.map(Key::word)))
}

/// Puts what a file says into the settings.
pub(super) fn assign(value: &QueueValue, to: &mut Settings) -> Result<Option<Value>, Problem> {
    let full = to.queues.len() >= QUEUES_MAX && !to.queues.contains_key(&value.name);
    if full {
        let message = format!("there are more than {QUEUES_MAX} queues");
        return Err(Problem { message, hint: None });
    }
    let limits = to.queues.entry(value.name.clone()).or_default();
    let Some((key, raw)) = &value.given else { return Ok(None) };
    let shown = match (key, raw) {
        (Key::Concurrency, Raw::Integer(n)) if CONCURRENCY.contains(n) => {
            limits.concurrency = usize::try_from(*n).ok();
            Value::Number(*n)
        }
        (Key::Rate, Raw::Text(text)) => {
            let rate: Rate = text.parse().map_err(|why| problem(value, *key, raw, Some(why)))?;
            limits.rate = Some(rate);
            Value::Text(rate.to_string())
        }
        (Key::Priority, Raw::Integer(n)) => {
            let priority = i32::try_from(*n).ok();
            let fits = |n: &i32| (-QUEUE_PRIORITY_MAX..=QUEUE_PRIORITY_MAX).contains(n);
            let priority = priority.filter(fits);
            limits.priority = priority.ok_or_else(|| problem(value, *key, raw, None))?;
            Value::Number(*n)
        }
        _ => return Err(problem(value, *key, raw, None)),
    };
    Ok(Some(shown))
}

fn problem(value: &QueueValue, key: Key, raw: &Raw, reason: Option<String>) -> Problem {
    let name = full_name(&value.name, key);
    let (expected, got) = (key.expected(), raw.describe());
    let message = match reason {
        Some(reason) => format!("`{name}` must be {expected}; {got} {reason}"),
        None => format!("`{name}` must be {expected}, not {got}"),
    };
    let hint = match raw {
        Raw::Text(text) if key != Key::Rate && text.parse::<i64>().is_ok() => {
            Some(format!("write it without quotes: `{} = {text}`", key.word()))
        }
        Raw::Integer(n) if key == Key::Rate && *n > 0 => {
            Some(format!("say for how long: `rate = \"{n}/1s\"`"))
        }
        _ => None,
    };
    Problem { message, hint }
}

/// Notes the value for `config show`, where a stronger file replaces that of a weaker one.
pub(super) fn note(rows: &mut Vec<ShownSetting>, value: &QueueValue, shown: Value, origin: Origin) {
    let Some((key, _)) = value.given else { return };
    let name = full_name(&value.name, key);
    match rows.iter_mut().find(|row| row.name == name) {
        Some(row) => row.set(shown, origin),
        None => {
            let mut row = ShownSetting::of_named(name, key.doc());
            row.set(shown, origin);
            rows.push(row);
        }
    }
}

fn full_name(name: &str, key: Key) -> String {
    format!("{SECTION}.{name}.{}", key.word())
}
